CREATE TABLE `alerts` (
	`id` text PRIMARY KEY NOT NULL,
	`key` text NOT NULL,
	`kind` text NOT NULL,
	`severity` text NOT NULL,
	`host_id` text NOT NULL,
	`host_name` text NOT NULL,
	`gpu` text,
	`title` text NOT NULL,
	`detail` text NOT NULL,
	`advice` text NOT NULL,
	`raised_at` integer NOT NULL,
	`told_at` integer,
	`resolved_at` integer
);
--> statement-breakpoint
CREATE INDEX `alerts_resolved` ON `alerts` (`resolved_at`);--> statement-breakpoint
CREATE TABLE `measured_starts` (
	`source` text NOT NULL,
	`revision` text NOT NULL,
	`runtime` text NOT NULL,
	`runtime_version` text NOT NULL,
	`context_tokens` integer NOT NULL,
	`slots` integer NOT NULL,
	`gpu` text NOT NULL,
	`gpus` integer NOT NULL,
	`settings` text NOT NULL,
	`gpu_bytes` integer NOT NULL,
	`memory_bytes` integer NOT NULL,
	`count` integer NOT NULL,
	`last_at` integer NOT NULL,
	`starts` text NOT NULL,
	`wakes` text NOT NULL,
	PRIMARY KEY(`source`, `revision`, `runtime`, `runtime_version`, `context_tokens`, `slots`, `gpu`, `gpus`, `settings`)
);
--> statement-breakpoint
ALTER TABLE `hosts` ADD `next_certificate_sha256` text;--> statement-breakpoint
ALTER TABLE `hosts` ADD `next_certificate_expires_at` integer;

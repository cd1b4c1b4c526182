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
ALTER TABLE `hosts` ADD `next_certificate_sha256` text;--> statement-breakpoint
ALTER TABLE `hosts` ADD `next_certificate_expires_at` integer;

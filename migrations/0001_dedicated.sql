CREATE TABLE `endpoint_events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`endpoint_id` text NOT NULL,
	`at` integer NOT NULL,
	`from` text NOT NULL,
	`to` text NOT NULL,
	`reason` text NOT NULL,
	`detail` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `endpoint_events_endpoint` ON `endpoint_events` (`endpoint_id`,`id`);--> statement-breakpoint
CREATE TABLE `endpoint_wakes` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`endpoint_id` text NOT NULL,
	`at` integer NOT NULL,
	`depth` text NOT NULL,
	`duration_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `endpoint_wakes_endpoint` ON `endpoint_wakes` (`endpoint_id`,`id`);--> statement-breakpoint
CREATE TABLE `endpoints` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`user_id` text NOT NULL,
	`spec` text NOT NULL,
	`artifact` text NOT NULL,
	`revision` integer NOT NULL,
	`previous` text,
	`hf_token_sealed` text,
	`standing` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `endpoints_name_unique` ON `endpoints` (`name`);--> statement-breakpoint
CREATE TABLE `provision_keys` (
	`key` text NOT NULL,
	`user_id` text NOT NULL,
	`request_sha256` text NOT NULL,
	`endpoint_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `key`)
);
--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` text PRIMARY KEY NOT NULL,
	`channel` text NOT NULL,
	`target` text NOT NULL,
	`notice` text NOT NULL,
	`created_at` integer NOT NULL,
	`attempts` integer NOT NULL,
	`next_attempt_at` integer NOT NULL,
	`sent_at` integer,
	`given_up` text,
	`last_error` text
);
--> statement-breakpoint
CREATE INDEX `outbox_due` ON `outbox` (`sent_at`,`next_attempt_at`);--> statement-breakpoint
CREATE TABLE `settings` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `samples` (
	`resolution` text NOT NULL,
	`metric` text NOT NULL,
	`subject` text NOT NULL,
	`at` integer NOT NULL,
	`min` real NOT NULL,
	`max` real NOT NULL,
	`sum` real NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`subject`, `metric`, `resolution`, `at`)
);
--> statement-breakpoint
CREATE INDEX `samples_time` ON `samples` (`resolution`,`at`);--> statement-breakpoint
ALTER TABLE `hosts` ADD `labels` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `hosts` ADD `draining` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `replicas` ADD `revision` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `replicas` ADD `devices` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `replicas` ADD `bytes_per_device` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `replicas` ADD `unwanted_since` integer;
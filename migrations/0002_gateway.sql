CREATE TABLE `aliases` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`targets` text NOT NULL,
	`fallbacks` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `aliases_name_unique` ON `aliases` (`name`);--> statement-breakpoint
CREATE TABLE `meter_checks` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`from` integer NOT NULL,
	`to` integer NOT NULL,
	`replica` text NOT NULL,
	`model` text NOT NULL,
	`engine_prompt_tokens` integer NOT NULL,
	`engine_completion_tokens` integer NOT NULL,
	`metered_prompt_tokens` integer NOT NULL,
	`metered_completion_tokens` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `meter_checks_to` ON `meter_checks` (`to`);--> statement-breakpoint
CREATE TABLE `prices` (
	`model` text PRIMARY KEY NOT NULL,
	`input_per_million` real NOT NULL,
	`cached_input_per_million` real,
	`output_per_million` real NOT NULL
);
--> statement-breakpoint
CREATE TABLE `providers` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`base_url` text NOT NULL,
	`key` text NOT NULL,
	`enabled` integer NOT NULL,
	`slots` integer NOT NULL,
	`models` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `providers_name_unique` ON `providers` (`name`);--> statement-breakpoint
CREATE TABLE `teams` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`rpm_limit` integer,
	`tpm_limit` integer,
	`max_parallel_requests` integer,
	`monthly_budget` real,
	`models` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `teams_name_unique` ON `teams` (`name`);--> statement-breakpoint
ALTER TABLE `api_keys` ADD `rpm_limit` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `tpm_limit` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `max_parallel_requests` integer;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `monthly_budget` real;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `models` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `allowed_cidrs` text;--> statement-breakpoint
ALTER TABLE `usage` ADD `team` text;--> statement-breakpoint
ALTER TABLE `users` ADD `team_id` text REFERENCES teams(id);--> statement-breakpoint
ALTER TABLE `users` ADD `rpm_limit` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `tpm_limit` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `max_parallel_requests` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `monthly_budget` real;--> statement-breakpoint
ALTER TABLE `users` ADD `models` text;
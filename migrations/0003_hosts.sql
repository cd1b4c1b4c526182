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

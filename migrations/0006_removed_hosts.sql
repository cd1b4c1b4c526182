CREATE TABLE `removed_hosts` (
	`certificate_sha256` text PRIMARY KEY NOT NULL,
	`host_id` text NOT NULL,
	`keep_runtimes` integer NOT NULL,
	`expires_at` integer NOT NULL
);

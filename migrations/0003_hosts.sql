ALTER TABLE `hosts` ADD `next_certificate_sha256` text;--> statement-breakpoint
ALTER TABLE `hosts` ADD `next_certificate_expires_at` integer;
ALTER TABLE `models` ADD `asked` text;--> statement-breakpoint
ALTER TABLE `models` ADD `gpu` text;--> statement-breakpoint
ALTER TABLE `models` ADD `model_facts` text;--> statement-breakpoint
ALTER TABLE `models` ADD `hf_token_sealed` text;--> statement-breakpoint
ALTER TABLE `models` ADD `changed_at` integer DEFAULT 0 NOT NULL;
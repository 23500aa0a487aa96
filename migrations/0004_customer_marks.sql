CREATE TABLE `customer_marks` (
	`tenant` text NOT NULL,
	`kind` text NOT NULL,
	`hash` text NOT NULL,
	`customer` text NOT NULL,
	`lane` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`tenant`, `kind`, `hash`, `customer`)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
-- Written by hand: once two lanes are one customer, whoever linked them, nobody is asked any more whether they are.
CREATE TRIGGER lane_links_end_duplicates AFTER INSERT ON lane_links
BEGIN
	UPDATE exceptions SET status = 'resolved', resolved_at = NEW.at, resolution = 'the cause is gone'
	WHERE tenant = NEW.tenant AND status = 'open' AND id IN (
		SELECT 'duplicate_customer/' || k.kind || '/' || min(o.lane, NEW.lane) || '/' || max(o.lane, NEW.lane)
		FROM (SELECT 'email' AS kind UNION ALL SELECT 'taxId') k
		CROSS JOIN (
			SELECT NEW.primary_lane AS lane
			UNION ALL
			SELECT lane FROM (SELECT lane FROM lane_links WHERE tenant = NEW.tenant AND primary_lane = NEW.primary_lane LIMIT 20)
		) o
	);
END;

"""Files of one's own data as rows: CSV, Excel, JSONL and mbox. A bad row is told with its line; the file goes on."""

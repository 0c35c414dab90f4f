"""Pages for people: one file each, offline, escaped, with sound and pictures."""

"""One case, one file (一案一档): what is known of an entry, taken out as paper and as a folder that proves itself."""

"""Tag millions of covers into Parquet files: `spotitags tag-corpus`."""

"""What is kept: ticks in Postgres, the Parquet lake, and history made from them."""

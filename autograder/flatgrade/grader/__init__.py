"""The trusted side: reference loader, judge, engine, records. Holds the answers; never runs student code itself."""

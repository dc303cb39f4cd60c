Package: tz
Version: 2024
//! The Lambda function `receive-segment`.

fn main() {}

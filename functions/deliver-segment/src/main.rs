//! The Lambda function `deliver-segment`.

fn main() {}

//! The Lambda function `deliver-branch`.

fn main() {}

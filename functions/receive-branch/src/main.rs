//! The Lambda function `receive-branch`.

fn main() {}

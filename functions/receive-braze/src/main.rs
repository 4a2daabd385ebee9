//! The Lambda function `receive-braze`.

fn main() {}

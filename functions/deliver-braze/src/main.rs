//! The Lambda function `deliver-braze`.

fn main() {}

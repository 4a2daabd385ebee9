use super::*;

mod canary;
mod deeds;
mod examples;
mod records;
mod telling;
mod users;
mod yard;

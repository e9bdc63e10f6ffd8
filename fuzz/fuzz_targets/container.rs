#![no_main]

trapline_fuzz::target!("container");

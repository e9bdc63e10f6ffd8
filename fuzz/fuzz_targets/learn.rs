#![no_main]

trapline_fuzz::target!("learn");

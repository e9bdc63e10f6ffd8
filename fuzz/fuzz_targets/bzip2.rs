#![no_main]

trapline_fuzz::target!("bzip2");

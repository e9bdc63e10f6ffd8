//! An HTTP server on the loopback interface that remembers what it was asked.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server; its thread ends with the test's process.
pub struct Server {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// What was asked.
#[derive(Clone)]
pub struct Request {
    pub head: String,
    pub body: String,
}

impl Request {
    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        self.head.lines().find(named).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }

    fn read(stream: &mut TcpStream) -> Option<Self> {
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        loop {
            if let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                let request = Self { head, body: String::from_utf8_lossy(&bytes[end + 4..]).into_owned() };
                let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
                if request.body.len() >= length {
                    return Some(request);
                }
            }
            match stream.read(&mut chunk) {
                Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
                _ => return None,
            }
        }
    }
}

impl Server {
    /// Answers by `answer(request, how many came before)`.
    pub fn start(answer: impl Fn(&Request, usize) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let Some(request) = Request::read(&mut stream) else { continue };
                let before = {
                    let mut seen = seen.lock().expect("no test panics in here");
                    seen.push(request.clone());
                    seen.len() - 1
                };
                let _ = stream.write_all(answer(&request, before).as_bytes());
            }
        });
        Self { address, requests }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no test panics in here").clone()
    }
}

/// An answer as it goes over the wire.
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}", body.len())
}

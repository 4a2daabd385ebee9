//! Virtual time, and which task runs next: both by the seed alone. There is no thread and no wall clock.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// The clock and the tasks of a world.
#[derive(Default)]
pub struct Time {
    /// Milliseconds since the start.
    now: Cell<i64>,
    /// Whom to wake when.
    alarms: RefCell<BTreeMap<(i64, u64), Waker>>,
    tasks: RefCell<BTreeMap<u64, (Task, Waker)>>,
    ready: Arc<Mutex<Vec<u64>>>,
    /// The last number given to a task or an alarm.
    numbers: Cell<u64>,
}

struct TaskWaker {
    task: u64,
    ready: Arc<Mutex<Vec<u64>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        let mut ready = self.ready.lock().unwrap();
        if !ready.contains(&self.task) {
            ready.push(self.task);
        }
    }
}

impl Time {
    pub fn now(&self) -> i64 {
        self.now.get()
    }

    fn number(&self) -> u64 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }

    /// Runs a task beside the others.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let number = self.number();
        let ready = Arc::clone(&self.ready);
        let waker = Waker::from(Arc::new(TaskWaker { task: number, ready }));
        waker.wake_by_ref();
        self.tasks.borrow_mut().insert(number, (Box::pin(task), waker));
    }

    /// Comes back at a time.
    pub fn until(&self, at: i64) -> Alarm<'_> {
        Alarm {
            time: self,
            at,
            number: self.number(),
        }
    }

    /// Comes back after so many milliseconds.
    pub fn sleep(&self, millis: i64) -> Alarm<'_> {
        self.until(self.now().saturating_add(millis))
    }

    /// Runs all tasks until none can go on, or until `end`. `pick` says which of several ready ones is next. Time goes on only
    /// when all of them wait. Says whether the world has come to rest.
    pub fn run(&self, pick: impl Fn(usize) -> usize, end: i64) -> bool {
        loop {
            let next = {
                let mut ready = self.ready.lock().unwrap();
                let count = ready.len();
                (count > 0).then(|| ready.swap_remove(pick(count)))
            };
            if let Some(number) = next {
                let task = self.tasks.borrow_mut().remove(&number);
                let Some((mut task, waker)) = task else { continue };
                if task.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
                    self.tasks.borrow_mut().insert(number, (task, waker));
                }
                continue;
            }
            let first = self.alarms.borrow_mut().pop_first();
            match first {
                None => return true,
                Some(((at, _), _)) if at > end => return false,
                Some(((at, _), waker)) => {
                    self.now.set(at.max(self.now()));
                    waker.wake();
                }
            }
        }
    }

    /// Ends all tasks.
    pub fn clear(&self) {
        let tasks = std::mem::take(&mut *self.tasks.borrow_mut());
        drop(tasks);
    }
}

/// Waits for a time.
pub struct Alarm<'t> {
    time: &'t Time,
    at: i64,
    number: u64,
}

impl Future for Alarm<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.time.now() >= self.at {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        self.time
            .alarms
            .borrow_mut()
            .insert((self.at, self.number), waker);
        Poll::Pending
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        self.time.alarms.borrow_mut().remove(&(self.at, self.number));
    }
}

/// Wakes who waits for a change.
#[derive(Default)]
pub struct Signal {
    count: Cell<u64>,
    waiting: RefCell<Vec<Waker>>,
}

impl Signal {
    pub fn notify(&self) {
        self.count.set(self.count.get() + 1);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }

    /// Comes back at the next change after this call.
    pub fn changed(&self) -> impl Future<Output = ()> + '_ {
        let before = self.count.get();
        std::future::poll_fn(move |context| {
            if self.count.get() > before {
                return Poll::Ready(());
            }
            self.waiting.borrow_mut().push(context.waker().clone());
            Poll::Pending
        })
    }
}

/// Ends a future at one of its polls, as a crash of its process does: it is dropped where it waits. `None` if it has crashed.
pub struct Crashing<F> {
    pub work: Option<Pin<Box<F>>>,
    /// The poll after which it is dropped.
    pub at_poll: Option<u32>,
}

impl<F: Future> Future for Crashing<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = self.work.as_mut() else {
            return Poll::Ready(None);
        };
        // The runtime catches a panic, and reports the invocation as failed.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Ready(done)) => return Poll::Ready(Some(done)),
            Ok(Poll::Pending) => {}
            Err(_) => self.at_poll = Some(0),
        }
        match &mut self.at_poll {
            Some(0) => {
                self.work = None;
                Poll::Ready(None)
            }
            Some(left) => {
                *left -= 1;
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}

const sliceBudget = 8; // ms of work at a time: half of a frame at 60 Hz

// inSlices calls step() until it returns true, for at most 8 ms at a time and
// with room for input and painting between. The promise is fulfilled with true
// at the end, and with false once signal is aborted: the newest wins.
export function inSlices(step, options) {
  const signal = options && options.signal;
  const progress = options && options.progress;
  return new Promise((resolve, reject) => {
    const channel = new MessageChannel();
    const end = (value) => {
      channel.port1.close();
      resolve(value);
    };
    const run = () => {
      if (signal && signal.aborted) return end(false);
      const until = performance.now() + sliceBudget;
      try {
        do {
          if (step()) return end(true);
        } while (performance.now() < until);
      } catch (fault) {
        channel.port1.close();
        return reject(fault);
      }
      if (progress) progress();
      channel.port2.postMessage(0);
    };
    channel.port1.onmessage = run;
    run();
  });
}

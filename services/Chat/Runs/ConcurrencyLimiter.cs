using MedCor.Contracts;

namespace MedCor.Chat.Runs;

/// <summary>Limits how many runs this process executes concurrently, because each holds a connection to the model.</summary>
internal sealed class ConcurrencyLimiter
{
    public const int Capacity = 256;

    private int _leaseCount;

    /// <summary>Acquires a lease for one more run, which the caller must dispose of. Throws <see cref="Unavailable"/> when none is left.</summary>
    public ConcurrencyLease Acquire()
    {
        if (Interlocked.Increment(ref _leaseCount) <= Capacity) return new(this);
        Release();
        throw new Unavailable("Too many answers are in progress. Retry shortly.");
    }

    private void Release() => Interlocked.Decrement(ref _leaseCount);

    /// <summary>Represents a lease of the limiter, held until its holder disposes of it.</summary>
    internal sealed class ConcurrencyLease(ConcurrencyLimiter limiter) : IDisposable
    {
        private ConcurrencyLimiter? _limiter = limiter;

        /// <summary>Transfers the lease to a new holder, who then disposes of it.</summary>
        public ConcurrencyLease Transfer() => new(Interlocked.Exchange(ref _limiter, null)!);

        public void Dispose() => Interlocked.Exchange(ref _limiter, null)?.Release();
    }
}

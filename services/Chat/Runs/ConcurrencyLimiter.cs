using MedCor.Contracts;

namespace MedCor.Chat.Runs;

/// <summary>How many calls this process carries out at once: each holds a connection to the model.</summary>
internal sealed class ConcurrencyLimiter
{
    public const int Capacity = 256;

    private int _taken;

    /// <summary>A place for one more call, to be disposed of. Throws <see cref="Unavailable"/> when there is none.</summary>
    public ConcurrencyLease Acquire()
    {
        if (Interlocked.Increment(ref _taken) <= Capacity) return new(this);
        Release();
        throw new Unavailable("Too many answers are being written at present. Try again shortly.");
    }

    private void Release() => Interlocked.Decrement(ref _taken);

    /// <summary>A place that is taken until it is disposed of, by who keeps it.</summary>
    internal sealed class ConcurrencyLease(ConcurrencyLimiter places) : IDisposable
    {
        private ConcurrencyLimiter? _held = places;

        /// <summary>Hands it on: who has it by then disposes of it.</summary>
        public ConcurrencyLease Transfer() => new(Interlocked.Exchange(ref _held, null)!);

        public void Dispose() => Interlocked.Exchange(ref _held, null)?.Release();
    }
}

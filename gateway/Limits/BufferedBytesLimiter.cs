using System.Buffers;
using MedCor.Contracts;
using MedCor.Gateway.ToolInvocation;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Limits;

/// <summary>Whose a request is, as it is counted.</summary>
internal sealed record CallerKey(string Value);

/// <summary>
/// Counts the bytes of requests, messages and answers that are in this process' memory, so that they are never more than it has. Of all of them one caller may have a
/// quarter. Nothing waits here: who asks for more is told to come again.
/// </summary>
internal sealed class BufferedBytesLimiter(IOptions<LimitOptions> options)
{
    private const int CallersPerBudget = 4;

    /// <summary>What everybody may have, however little memory there is: the largest answer with the request for it. Otherwise it could never be read.</summary>
    private const int MinCallerShare = ToolResponse.MaxLength + MedCorDefaults.MaxRequestBodySize;

    /// <summary>
    /// Lends the arrays that are counted. The shared pool keeps hundreds of each size that came back, which are memory too and which nobody counts; this one keeps 16 MiB at most.
    /// </summary>
    public static readonly ArrayPool<byte> Arrays = ArrayPool<byte>.Create(maxArrayLength: 1024 * 1024, maxArraysPerBucket: 8);

    private readonly Lock _turn = new();
    private readonly Dictionary<string, long> _perCaller = [];
    /// <summary>Of the memory that a container or a setting allows the process, an eighth at most: beside them are connections, what Kestrel read ahead, and what calls allocate. Asked for late: settings are checked when the host starts, all at once.</summary>
    private readonly Lazy<long> _maxBytes = new(() => Math.Min(options.Value.MaxBufferedBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8));

    private long _total;

    /// <summary>How many there are now.</summary>
    public long CurrentBytes => Interlocked.Read(ref _total);

    /// <summary>Begins to hold something in memory, of somebody who is known or of nobody. Dispose of it when it is gone.</summary>
    public BufferLease CreateLease(string? callerKey = null) => new(this, callerKey);

    private void Adjust(string? whose, long more, bool mayRefuse)
    {
        lock (_turn)
        {
            var theirs = whose is null ? 0 : _perCaller.GetValueOrDefault(whose) + more;
            mayRefuse &= more > 0;
            if (mayRefuse && _total + more > _maxBytes.Value) throw new Unavailable("More is under way at this moment than there is room for. Try again shortly.", retryAfter: 1);
            if (mayRefuse && theirs > Math.Max(_maxBytes.Value / CallersPerBudget, MinCallerShare)) throw new RateLimited("You have more under way at once than there is room for. Wait for the answers.", retryAfter: 1);
            _total += more;
            if (whose is null) return;
            if (theirs > 0) _perCaller[whose] = theirs;
            else _perCaller.Remove(whose);
        }
    }

    /// <summary>Something that is in memory.</summary>
    internal sealed class BufferLease(BufferedBytesLimiter waiting, string? whose) : IDisposable
    {
        private long _bytes;
        private long _reserved;

        /// <summary>Sets so many bytes aside, so that whatever comes after is not refused any more. Throws as <see cref="Resize"/> does.</summary>
        public void Reserve(long maxSize)
        {
            Resize(maxSize);
            _reserved = maxSize;
        }

        /// <summary>All has come: of what was set aside only so many bytes are left.</summary>
        public void TrimReservation(long size)
        {
            if (_reserved == 0) return;
            _reserved = 0;
            if (size < _bytes) Resize(size);
        }

        /// <summary>It takes so many bytes now. Throws <see cref="Unavailable"/> or <see cref="RateLimited"/> when there is no room for more of it.</summary>
        public void Resize(long size)
        {
            size = Math.Max(size, _reserved);
            waiting.Adjust(whose, size - _bytes, mayRefuse: _reserved == 0);
            _bytes = size;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, 0) is > 0 and var gone) waiting.Adjust(whose, -gone, mayRefuse: false);
        }
    }
}

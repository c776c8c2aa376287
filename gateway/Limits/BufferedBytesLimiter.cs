using System.Buffers;
using MedCor.Contracts;
using MedCor.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace MedCor.Gateway.Limits;

/// <summary>
/// Limits the bytes of requests, messages and responses in the memory of this process. A single caller can use a quarter of the limit. Requests never wait
/// for memory: a request above the limit is rejected, to be retried.
/// </summary>
internal sealed class BufferedBytesLimiter(IOptions<LimitOptions> options)
{
    /// <summary>The maximum length of a response in bytes: a page, whose length the service limits, and its envelope.</summary>
    public const int MaxResponseLength = ResponseBuffer.MaxLength + 64 * 1024;

    private const int CallersPerBudget = 4;

    /// <summary>
    /// The number of bytes that every caller can use, however low the limit: the largest response and the request for it. Otherwise such a response could
    /// never be read.
    /// </summary>
    private const int MinCallerShare = MaxResponseLength + MedCorDefaults.MaxRequestBodySize;

    /// <summary>
    /// Rents the arrays that are counted. The shared pool retains hundreds of returned arrays of each size, which are not counted; this pool retains at
    /// most 16 MiB.
    /// </summary>
    public static readonly ArrayPool<byte> Arrays = ArrayPool<byte>.Create(maxArrayLength: 1024 * 1024, maxArraysPerBucket: 8);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _perCaller = [];
    /// <summary>
    /// The limit: at most an eighth of the memory that a container or a setting allows the process, because connections, Kestrel's read buffers and
    /// allocations of calls need memory too. Evaluated lazily, because all options are validated together when the host starts.
    /// </summary>
    private readonly Lazy<long> _maxBytes = new(() => Math.Min(options.Value.MaxBufferedBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8));

    private long _total;

    /// <summary>Gets the number of bytes in memory.</summary>
    public long CurrentBytes => Interlocked.Read(ref _total);

    /// <summary>Creates a lease for a buffer, counted for a caller or for none. Dispose of the lease when the buffer is released.</summary>
    public BufferLease CreateLease(string? callerKey = null) => new(this, callerKey);

    private void Adjust(string? callerKey, long delta, bool mayReject)
    {
        lock (_lock)
        {
            var callerTotal = callerKey is null ? 0 : _perCaller.GetValueOrDefault(callerKey) + delta;
            mayReject &= delta > 0;
            if (mayReject && _total + delta > _maxBytes.Value)
                throw new Unavailable("The gateway is processing as much data as its memory allows. Retry shortly.", retryAfter: 1);
            if (mayReject && callerTotal > Math.Max(_maxBytes.Value / CallersPerBudget, MinCallerShare))
                throw new RateLimited("Your concurrent requests use more memory than one caller may. Wait for their responses.", retryAfter: 1);
            _total += delta;
            if (callerKey is null) return;
            if (callerTotal > 0) _perCaller[callerKey] = callerTotal;
            else _perCaller.Remove(callerKey);
        }
    }

    /// <summary>Represents the counted memory of one buffer.</summary>
    internal sealed class BufferLease(BufferedBytesLimiter limiter, string? callerKey) : IDisposable
    {
        private long _bytes;
        private long _reserved;

        /// <summary>Reserves a number of bytes, so that no later <see cref="Resize"/> is rejected. Throws as <see cref="Resize"/> does.</summary>
        public void Reserve(long maxSize)
        {
            Resize(maxSize);
            _reserved = maxSize;
        }

        /// <summary>Ends the reservation when all data has arrived, and keeps only the given number of bytes of it.</summary>
        public void TrimReservation(long size)
        {
            if (_reserved == 0) return;
            _reserved = 0;
            if (size < _bytes) Resize(size);
        }

        /// <summary>
        /// Sets the number of bytes of the buffer. Throws <see cref="Unavailable"/> or <see cref="RateLimited"/> when the increase exceeds a limit.
        /// </summary>
        public void Resize(long size)
        {
            size = Math.Max(size, _reserved);
            limiter.Adjust(callerKey, size - _bytes, mayReject: _reserved == 0);
            _bytes = size;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, 0) is > 0 and var released) limiter.Adjust(callerKey, -released, mayReject: false);
        }
    }
}

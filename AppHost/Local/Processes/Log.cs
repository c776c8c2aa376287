using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace MedCor.Hosting.Processes;

/// <summary>
/// What a resource writes to its console: the last lines in memory, for the dashboard; more of them in a file, which is
/// begun anew with the host and, when full, once moved aside. Readers that are slow miss lines; nothing grows.
/// </summary>
internal sealed class Log(string? file) : IDisposable
{
    private const int Kept = 2000;
    private const long LargestFile = 8 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Queue<string> _lines = new(Kept);
    private readonly List<Channel<string>> _readers = [];
    private StreamWriter? _writer = file is null ? null : Create(file);

    public void Add(string line)
    {
        lock (_lock)
        {
            if (_lines.Count == Kept)
            {
                _lines.Dequeue();
            }

            _lines.Enqueue(line);
            _readers.ForEach(reader => reader.Writer.TryWrite(line));
            Write(line);
        }
    }

    /// <summary>The last lines, oldest first.</summary>
    public IReadOnlyList<string> Tail(int count)
    {
        lock (_lock)
        {
            return [.. _lines.TakeLast(count)];
        }
    }

    /// <summary>All lines in memory, then those that are added, until cancelled or the log is closed.</summary>
    public async IAsyncEnumerable<IReadOnlyList<string>> ReadAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var channel = Channel.CreateBounded<string>(new BoundedChannelOptions(2 * Kept) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_lock)
        {
            foreach (var line in _lines)
            {
                channel.Writer.TryWrite(line);
            }

            _readers.Add(channel);
        }

        try
        {
            while (await channel.Reader.WaitToReadAsync(ct))
            {
                List<string> lines = [];
                while (lines.Count < Kept && channel.Reader.TryRead(out var line))
                {
                    lines.Add(line);
                }

                yield return lines;
            }
        }
        finally
        {
            lock (_lock)
            {
                _readers.Remove(channel);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _writer?.Dispose();
            _writer = null;
            _readers.ForEach(reader => reader.Writer.TryComplete());
        }
    }

    private static StreamWriter Create(string file) => new(file, append: false) { AutoFlush = true };

    private void Write(string line)
    {
        if (_writer is null)
        {
            return;
        }

        if (_writer.BaseStream.Length > LargestFile)
        {
            _writer.Dispose();
            File.Move(file!, file + ".1", overwrite: true);
            _writer = Create(file!);
        }

        _writer.WriteLine(line);
    }
}

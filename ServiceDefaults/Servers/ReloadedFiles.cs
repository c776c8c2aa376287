using System.Security.Cryptography;

namespace MedCor.ServiceDefaults.Servers;

/// <summary>
/// Holds what files contain, and reads them again when they have changed, at most every five seconds. Files that cannot be read, because they are being
/// replaced, leave the former content in force; the first time, the exception is thrown.
/// </summary>
/// <param name="parse">Creates the value from the contents of the files.</param>
internal sealed class ReloadedFiles<T>(Func<string[], T> parse, TimeProvider clock, params string[] paths) where T : class
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _turn = new();
    private string[] _contents = [];
    private T? _value;
    private long _checkedAt;

    public T Get()
    {
        lock (_turn)
        {
            if (_value is not null && clock.GetElapsedTime(_checkedAt) < CheckInterval) return _value;
            try
            {
                string[] contents = [.. paths.Select(File.ReadAllText)];
                if (_value is null || !contents.SequenceEqual(_contents)) (_value, _contents) = (parse(contents), contents);
            }
            catch (Exception e) when (_value is not null && e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                // A certificate whose key is not there yet, for example.
            }
            _checkedAt = clock.GetTimestamp();
            return _value!;
        }
    }
}

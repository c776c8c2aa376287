using System.Buffers.Binary;
using System.Security.Cryptography;
using MedCor.Contracts;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace MedCor.Platform.Secrets;

/// <summary>
/// Hashes passwords, and the secrets among a request's parameters, with a salt and a deliberately slow function, so that a hash does not reveal its secret.
/// Hashing and verifying each take a tenth of a second of a core, so at most as many run at once as there are cores.
/// </summary>
public sealed class SecretHasher : IDisposable
{
    /// <summary>PBKDF2 with HMAC-SHA-512 and a 128-bit salt, as OWASP's Password Storage Cheat Sheet requires where Argon2 is not available.</summary>
    private const int Iterations = 210_000;

    private static readonly TimeSpan QueueTimeout = TimeSpan.FromSeconds(10);

    private readonly PasswordHasher<object> _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
    private readonly SemaphoreSlim _cores = new(Environment.ProcessorCount);

    /// <summary>Returns a hash of a secret, a different one each time. Throws <see cref="Unavailable"/> when too many requests are waiting.</summary>
    public Task<string> HashAsync(string secret, CancellationToken ct) => RunLimitedAsync(null, () => _hasher.HashPassword(this, secret), ct);

    /// <summary>
    /// Returns whether a hash matches a secret in one of its forms and, if so, whether it is weaker than a new hash of the secret's first form. Throws
    /// <see cref="Unavailable"/> when too many requests are waiting.
    /// </summary>
    /// <param name="hash">A hash made by <see cref="HashAsync"/>.</param>
    /// <param name="forms">The forms of the secret, checked in order until one matches.</param>
    /// <param name="ct">Cancels the wait.</param>
    /// <param name="first">Runs before the verification, once a core is free; can reject the request by throwing.</param>
    public Task<(bool Matches, bool IsOutdated)> VerifyAsync(string hash, IReadOnlyList<string> forms, CancellationToken ct, Func<Task>? first = null) =>
        RunLimitedAsync(first, () => Verify(hash, forms), ct);

    /// <summary>
    /// Returns a hash that matches no secret, in the hasher's format version 3: a marker, the function, the iterations, the length of the salt, salt and key.
    /// Verifying it costs as much as any other hash.
    /// </summary>
    public static string CreateDummyHash()
    {
        const int salt = 16, key = 32, header = 13, sha512 = 2;
        var bytes = RandomNumberGenerator.GetBytes(header + salt + key);
        bytes[0] = 1;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), sha512);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(5), Iterations);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(9), salt);
        return Convert.ToBase64String(bytes);
    }

    /// <inheritdoc/>
    public void Dispose() => _cores.Dispose();

    private (bool Matches, bool IsOutdated) Verify(string hash, IReadOnlyList<string> forms)
    {
        for (var i = 0; i < forms.Count; i++)
        {
            var result = _hasher.VerifyHashedPassword(this, hash, forms[i]);
            if (result != PasswordVerificationResult.Failed) return (true, i > 0 || result == PasswordVerificationResult.SuccessRehashNeeded);
        }
        return (false, false);
    }

    private async Task<T> RunLimitedAsync<T>(Func<Task>? first, Func<T> compute, CancellationToken ct)
    {
        if (!await _cores.WaitAsync(QueueTimeout, ct)) throw new Unavailable("Too many passwords are being checked at this moment. Retry shortly.");
        try
        {
            if (first is not null) await first();
            return await Task.Run(compute, ct);
        }
        finally
        {
            _cores.Release();
        }
    }
}

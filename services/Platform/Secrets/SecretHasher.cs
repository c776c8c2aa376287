using System.Buffers.Binary;
using System.Security.Cryptography;
using MedCor.Contracts;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace MedCor.Platform.Secrets;

/// <summary>
/// Hashes passwords, and the secrets among a call's parameters, with a salt and slowly on purpose: who reads a hash cannot guess what it is of. Making and checking one each cost a tenth of a
/// second of a core, so no more run at once than there are cores.
/// </summary>
public sealed class SecretHasher : IDisposable
{
    /// <summary>PBKDF2 with HMAC-SHA-512 and a salt of 128 bits, as OWASP's Password Storage Cheat Sheet asks for where Argon2 is not at hand.</summary>
    private const int Iterations = 210_000;

    private static readonly TimeSpan QueueTimeout = TimeSpan.FromSeconds(10);

    private readonly PasswordHasher<object> _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
    private readonly SemaphoreSlim _cores = new(Environment.ProcessorCount);

    /// <summary>A hash of a secret, another one each time. Throws <see cref="Unavailable"/> when too many wait.</summary>
    public Task<string> HashAsync(string secret, CancellationToken ct) => RunLimitedAsync(null, () => _hasher.HashPassword(this, secret), ct);

    /// <summary>Whether the hash is of a secret in one of its forms. Throws <see cref="Unavailable"/> when too many wait.</summary>
    /// <param name="hash">As <see cref="HashAsync"/> made it.</param>
    /// <param name="forms">Checked one after the other until one is right.</param>
    /// <param name="ct">Ends the wait.</param>
    /// <param name="first">What may refuse before the work is begun, when its turn has come.</param>
    public Task<bool> VerifyAsync(string hash, IReadOnlyList<string> forms, CancellationToken ct, Func<Task>? first = null) =>
        RunLimitedAsync(first, () => forms.Any(form => _hasher.VerifyHashedPassword(this, hash, form) != PasswordVerificationResult.Failed), ct);

    /// <summary>A hash that no secret has, in the hasher's third format: a marker, the function, the iterations, the salt's length, salt and key. Checking it costs as much as any other.</summary>
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

    private async Task<T> RunLimitedAsync<T>(Func<Task>? first, Func<T> work, CancellationToken ct)
    {
        if (!await _cores.WaitAsync(QueueTimeout, ct)) throw new Unavailable("Too many passwords are being checked at this moment. Try again shortly.");
        try
        {
            if (first is not null) await first();
            return await Task.Run(work, ct);
        }
        finally
        {
            _cores.Release();
        }
    }
}

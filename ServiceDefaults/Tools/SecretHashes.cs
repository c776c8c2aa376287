using MedCor.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace MedCor.ServiceDefaults.Tools;

/// <summary>
/// Hashes the secrets among a call's parameters with a salt and as slowly as a password's own hash, so that a record of the call tells nobody what they were. One hash
/// costs a tenth of a second of a core, so no more are computed at once than there are cores.
/// </summary>
internal sealed class SecretHashes : IDisposable
{
    /// <summary>PBKDF2 with HMAC-SHA-512, as OWASP's Password Storage Cheat Sheet asks for; the same as of the passwords themselves.</summary>
    private const int Iterations = 210_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly PasswordHasher<object> hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
    private readonly SemaphoreSlim cores = new(Environment.ProcessorCount);

    internal Task<string> Hash(string secrets, CancellationToken ct) => InTurn(() => hasher.HashPassword(this, secrets), ct);

    /// <summary>Whether the hash is of these secrets.</summary>
    internal Task<bool> Match(string hash, string secrets, CancellationToken ct) =>
        InTurn(() => hasher.VerifyHashedPassword(this, hash, secrets) != PasswordVerificationResult.Failed, ct);

    public void Dispose() => cores.Dispose();

    private async Task<T> InTurn<T>(Func<T> work, CancellationToken ct)
    {
        if (!await cores.WaitAsync(Patience, ct)) throw new Unavailable("Too many secrets are being checked at this moment. Try again shortly.");
        try
        {
            return await Task.Run(work, ct);
        }
        finally
        {
            cores.Release();
        }
    }
}

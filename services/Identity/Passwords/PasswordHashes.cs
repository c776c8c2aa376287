using System.Buffers.Binary;
using System.Security.Cryptography;
using MedCor.Identity.Accounts;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tools;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace MedCor.Identity.Passwords;

/// <summary>Makes and checks hashes of passwords. Both cost a tenth of a second of a core on purpose, so no more run at once than there are cores.</summary>
internal sealed class PasswordHashes : IDisposable
{
    /// <summary>PBKDF2 with HMAC-SHA-512 and a salt of 128 bits, as OWASP's Password Storage Cheat Sheet asks for where Argon2 is not at hand.</summary>
    private const int Iterations = 210_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly PasswordHasher<Credential> hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
    private readonly SemaphoreSlim cores = new(Environment.ProcessorCount);
    private readonly string nobodys = HashOfNothing();

    internal Task<string> Hash(string password, CancellationToken ct) =>
        InTurn(() => Task.CompletedTask, () => hasher.HashPassword(null!, PlainText.Compose(password)), ct);

    /// <summary>Whether it is the password. Takes as long when there is none to compare with.</summary>
    /// <param name="first">What may refuse before the work is begun, when its turn has come: while it waited, others may have guessed too often.</param>
    internal async Task<bool> Match(string? hash, string password, Func<Task> first, CancellationToken ct) =>
        await InTurn(first, () => IsOf(hash ?? nobodys, password), ct);

    public void Dispose() => cores.Dispose();

    /// <summary>A password is hashed in one normalization form, whichever keyboard it is typed on (NIST SP 800-63B-4, section 3.1.1.2). Hashes that are older are of what was typed.</summary>
    private bool IsOf(string hash, string password) => PlainText.Compose(password) is var composed
        && (Verifies(hash, composed) || (composed != password && Verifies(hash, password)));

    private bool Verifies(string hash, string password) => hasher.VerifyHashedPassword(null!, hash, password) != PasswordVerificationResult.Failed;

    private async Task<T> InTurn<T>(Func<Task> first, Func<T> work, CancellationToken ct)
    {
        if (!await cores.WaitAsync(Patience, ct)) throw new Unavailable("Too many are logging in at this moment. Try again shortly.");
        try
        {
            await first();
            return await Task.Run(work, ct);
        }
        finally
        {
            cores.Release();
        }
    }

    /// <summary>A hash that no password has, in the hasher's third format: a marker, the function, the iterations, the salt's length, salt and key.</summary>
    internal static string HashOfNothing()
    {
        const int salt = 16, key = 32, header = 13, sha512 = 2;
        var bytes = RandomNumberGenerator.GetBytes(header + salt + key);
        bytes[0] = 1;
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(1), sha512);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(5), Iterations);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(9), salt);
        return Convert.ToBase64String(bytes);
    }
}

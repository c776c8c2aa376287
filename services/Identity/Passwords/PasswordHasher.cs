using MedCor.Platform.Secrets;
using MedCor.Validation;

namespace MedCor.Identity.Passwords;

/// <summary>Hashes and verifies passwords.</summary>
internal sealed class PasswordHasher(SecretHasher hashes)
{
    private readonly string _dummyHash = SecretHasher.CreateDummyHash();

    internal Task<string> HashAsync(string password, CancellationToken ct) => hashes.HashAsync(PlainText.Compose(password), ct);

    /// <summary>Returns whether a password matches a hash. Verification takes as long when there is no hash to compare with.</summary>
    /// <param name="first">As of <see cref="CheckAsync"/>.</param>
    internal async Task<bool> VerifyAsync(string? hash, string password, Func<Task> first, CancellationToken ct) =>
        (await CheckAsync(hash, password, first, ct)).Matches;

    /// <summary>
    /// Returns whether a password matches a hash and, if so, whether <see cref="HashAsync"/> makes a stronger one of it today. Verification takes as long when
    /// there is no hash to compare with.
    /// </summary>
    /// <param name="first">
    /// A callback that runs when the verification leaves the queue, before the hash is computed, and may
    /// throw: other guesses may have used up the attempts in the meantime.
    /// </param>
    internal Task<(bool Matches, bool IsOutdated)> CheckAsync(string? hash, string password, Func<Task> first, CancellationToken ct) =>
        hashes.VerifyAsync(hash ?? _dummyHash, NormalizationForms(password), ct, first);

    /// <summary>
    /// Returns the forms of a password to verify. A password is hashed in one normalization form, whichever keyboard it is typed on (NIST SP 800-63B-4,
    /// section 3.1.1.2); older hashes are of the password as it was typed.
    /// </summary>
    private static string[] NormalizationForms(string password) =>
        PlainText.Compose(password) is var composed && composed == password ? [composed] : [composed, password];
}

using MedCor.Platform.Secrets;
using MedCor.Validation;

namespace MedCor.Identity.Passwords;

/// <summary>Makes and checks hashes of passwords.</summary>
internal sealed class PasswordHasher(SecretHasher hashes)
{
    private readonly string _dummyHash = SecretHasher.CreateDummyHash();

    internal Task<string> HashAsync(string password, CancellationToken ct) => hashes.HashAsync(PlainText.Compose(password), ct);

    /// <summary>Whether it is the password. Takes as long when there is none to compare with.</summary>
    /// <param name="first">What may refuse before the work is begun, when its turn has come: while it waited, others may have guessed too often.</param>
    internal Task<bool> VerifyAsync(string? hash, string password, Func<Task> first, CancellationToken ct) => hashes.VerifyAsync(hash ?? _dummyHash, NormalizationForms(password), ct, first);

    /// <summary>A password is hashed in one normalization form, whichever keyboard it is typed on (NIST SP 800-63B-4, section 3.1.1.2). Hashes that are older are of what was typed.</summary>
    private static string[] NormalizationForms(string password) => PlainText.Compose(password) is var composed && composed == password ? [composed] : [composed, password];
}

using MedCor.Identity.Accounts;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.SecondFactors;

/// <summary>
/// Lets ASP.NET Core Identity's <see cref="PasskeyHandler{TUser}"/>, which implements WebAuthn, read logins and their passkeys. It changes nothing:
/// <see cref="PasskeyManager"/> does.
/// </summary>
internal sealed class PasskeyStore(IdentityDb db) : IUserPasskeyStore<Login>
{
    public Task<string> GetUserIdAsync(Login user, CancellationToken cancellationToken) => Task.FromResult(user.Id.ToString());

    public Task<string?> GetUserNameAsync(Login user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    public async Task<Login?> FindByIdAsync(string userId, CancellationToken cancellationToken) =>
        Guid.TryParse(userId, out var id) ? await Logins.SingleOrDefaultAsync(l => l.Id == id, cancellationToken) : null;

    public Task<Login?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        Logins.SingleOrDefaultAsync(l => db.Passkeys.Any(p => p.LoginId == l.Id && p.CredentialId == credentialId), cancellationToken);

    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(Login user, CancellationToken cancellationToken) =>
        [.. (await db.Passkeys.AsNoTracking().Where(p => p.LoginId == user.Id).ToListAsync(cancellationToken)).Select(p => p.ToInfo())];

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(Login user, byte[] credentialId, CancellationToken cancellationToken) =>
        (await db.Passkeys.AsNoTracking().SingleOrDefaultAsync(p => p.LoginId == user.Id && p.CredentialId == credentialId, cancellationToken))?.ToInfo();

    public Task AddOrUpdatePasskeyAsync(Login user, UserPasskeyInfo passkey, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task RemovePasskeyAsync(Login user, byte[] credentialId, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SetUserNameAsync(Login user, string? userName, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<string?> GetNormalizedUserNameAsync(Login user, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SetNormalizedUserNameAsync(Login user, string? normalizedName, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IdentityResult> CreateAsync(Login user, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IdentityResult> UpdateAsync(Login user, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IdentityResult> DeleteAsync(Login user, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Login?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private IQueryable<Login> Logins => db.Logins.AsNoTracking();
}

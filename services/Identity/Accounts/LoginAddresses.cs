using System.Security.Cryptography;
using System.Text;
using MedCor.Contracts;
using MedCor.Validation;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Accounts;

/// <summary>
/// Gives logins their addresses, each to one login in the whole system, in the caller's transaction. Within a hospital an address with which another user logs
/// in is refused. Whether a login of another hospital has an address is not told: the same statements are executed in either case.
/// </summary>
internal sealed class LoginAddresses(IdentityDb db)
{
    /// <summary>
    /// Lets nobody else take an address until the transaction ends. Throws <see cref="Conflict"/> when another user of the hospital logs in with it.
    /// </summary>
    /// <param name="hospitalId">The hospital of the user who is to log in with the address; null for a platform administrator.</param>
    /// <param name="exceptUserId">The user who may have the address.</param>
    internal async Task ReserveAsync(string email, Guid? hospitalId, CancellationToken ct, Guid? exceptUserId = null)
    {
        var address = BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"address {EmailAddresses.GetLookupKey(email)}")));
        db.ExecuteWithNext($"SELECT pg_advisory_xact_lock({address})");
        if (await IsTakenAsync(email, hospitalId, exceptUserId, ct)) throw EmailTaken();
    }

    /// <summary>
    /// Returns whether another user of a hospital who logs in, or is to, is known to it by an address. The address of the login itself, which can be another
    /// one when the login opens users of other hospitals, is not told.
    /// </summary>
    internal Task<bool> IsTakenAsync(string email, Guid? hospitalId, Guid? exceptUserId, CancellationToken ct)
    {
        string[] keys = [.. EmailAddresses.GetLookupKeys(email)];
        return db.Accounts.AnyAsync(a => a.HospitalId == hospitalId && a.Id != exceptUserId && a.EmailKey != null && keys.Contains(a.EmailKey)
            && (a.Membership!.LoginId != null || a.Membership.AwaitsLogin), ct);
    }

    /// <summary>Adds a login with a reserved address, and returns its ID; null when a login has the address.</summary>
    /// <param name="passwordHash">The hash of the password; null for none.</param>
    /// <param name="isTemporary">Whether somebody else than the owner chose the password.</param>
    /// <param name="isVerified">Whether the owner has proved to receive mail at the address.</param>
    internal async Task<Guid?> TryAddAsync(string email, CancellationToken ct, string? passwordHash = null, bool isTemporary = false, bool isVerified = false)
    {
        string[] keys = [.. EmailAddresses.GetLookupKeys(email)];
        var (id, key, verifiedAt) = (Guid.CreateVersion7(), keys[0], isVerified ? db.UtcNow : (DateTimeOffset?)null);
        return await db.Database.ExecuteSqlAsync($"""
            INSERT INTO logins (id, email, email_key, password_hash, has_temporary_password, email_verified_at)
            SELECT {id}, {email}, {key}, {passwordHash}::text, {isTemporary}, {verifiedAt}::timestamptz
            WHERE NOT EXISTS (SELECT FROM logins WHERE email_key = ANY ({keys}))
            """, ct) == 1 ? id : null;
    }

    /// <summary>
    /// Makes a reserved address that of a login of the unit of work, with which it is saved, and returns whether it is: false when another login has it.
    /// </summary>
    /// <param name="isVerified">Whether the owner has proved to receive mail at the address.</param>
    internal async Task<bool> TryChangeAsync(Login login, string email, bool isVerified, CancellationToken ct)
    {
        string[] keys = [.. EmailAddresses.GetLookupKeys(email)];
        if (await db.Logins.AnyAsync(other => keys.Contains(other.EmailKey) && other.Id != login.Id, ct)) return false;
        (login.Email, login.EmailVerifiedAt) = (email, isVerified ? db.UtcNow : null);
        return true;
    }

    /// <summary>Creates the error for an address with which another user of the hospital logs in.</summary>
    internal static ApiException EmailTaken() => new Conflict("Another user has this e-mail address.").WithDetail("field", "email");
}

using System.Net;
using System.Security.Cryptography;
using System.Text;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Identity.Accounts;
using MedCor.Identity.Audit;
using MedCor.Platform.Tenancy;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Identity.Sessions;

/// <summary>
/// Counts wrong passwords and codes and locks for a growing time. Attempts are counted by e-mail address and network together, so that whoever guesses from
/// elsewhere does not keep the owner out. Attempts from all networks from which nobody has logged in with the address lately are also counted together, so that
/// many networks do not make many guesses. Attempts in a browser in which somebody has logged in with the address are counted by themselves: whoever guesses
/// elsewhere in the same network, such as a hospital's, does not keep the owner out either. Addresses without an account are counted as well, so that a lock
/// does not reveal whether an account exists.
/// </summary>
internal sealed class LockOut(IdentityDb db, IHttpContextAccessor http, KnownDevice devices, SessionTrail trail, TimeProvider clock)
{
    /// <summary>The number of failures in a row from one network, or in one known browser, after which that is locked for the address.</summary>
    internal const int FreeAttempts = 5;

    /// <summary>The number of failures in a row after which all networks are locked from which nobody has logged in with the address.</summary>
    internal const int FreeAttemptsOfStrangers = 50;

    private static readonly TimeSpan FirstLock = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestLock = TimeSpan.FromHours(1);

    /// <summary>The time without a failure after which failures are forgotten.</summary>
    internal static readonly TimeSpan ForgetAfter = TimeSpan.FromDays(1);

    /// <summary>The time for which a network is known after a login.</summary>
    internal static readonly TimeSpan KnownFor = TimeSpan.FromDays(90);

    /// <summary>Returns how long a lock lasts after a number of failures in a row. Each one beyond the free ones doubles the time, up to an hour.</summary>
    internal static TimeSpan LockDuration(int failures, int freeAttempts = FreeAttempts)
    {
        if (failures < freeAttempts) return TimeSpan.Zero;
        var doublings = failures - freeAttempts;
        return doublings > 20 ? LongestLock : TimeSpan.FromTicks(Math.Min(FirstLock.Ticks << doublings, LongestLock.Ticks));
    }

    /// <summary>Throws <see cref="RateLimited"/> while the address is locked for the browser or the network of the request.</summary>
    internal async Task ThrowIfLockedAsync(string emailKey, CancellationToken ct)
    {
        var (own, network, strangers) = GetKeys(emailKey);
        ThrowIfStillLocked(await FindAll(own, network, strangers).AsNoTracking().ToListAsync(ct), own, network);
    }

    /// <summary>
    /// Records whether a password and, for a user who has one, a second factor were correct, in the transaction that answers the request. Attempts on one
    /// address are recorded one at a time, and none while the address is locked: however many guesses are verified concurrently, no more are answered than the
    /// limit allows.
    /// </summary>
    /// <param name="isCorrect">
    /// Null for a correct password whose second factor is still to come: the failures before it stay counted, or a password would buy any number of codes.
    /// </param>
    /// <param name="account">The account that has the address, in whose trail failures are recorded; null when nobody has it.</param>
    internal async Task RecordAsync(string emailKey, bool? isCorrect, Account? account, CancellationToken ct)
    {
        var (own, network, strangers) = GetKeys(emailKey);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({BitConverter.ToInt64(strangers)})", ct);

        var attempts = await FindAll(own, network, strangers).ToListAsync(ct);
        ThrowIfStillLocked(attempts, own, network);
        var (now, isLocked) = (clock.GetUtcNow(), false);
        if (isCorrect is true)
        {
            var counted = FindOrAdd(attempts, own);
            (counted.Failures, counted.LockedUntil, counted.LastAt, counted.LoggedInAt) = (0, null, now, now);
            // The failures of others in the network stay counted.
            if (network is not null)
            {
                var known = FindOrAdd(attempts, network);
                known.LoggedInAt = now;
                if (known.Failures == 0) known.LastAt = now;
            }
            devices.Remember(emailKey);
        }
        else if (isCorrect is false)
        {
            var isKnown = network is not null || IsKnown(attempts, own);
            isLocked = AddFailure(FindOrAdd(attempts, own), FreeAttempts, now);
            if (!isKnown) isLocked |= AddFailure(FindOrAdd(attempts, strangers), FreeAttemptsOfStrangers, now);
        }
        await db.SaveChangesAsync(ct);
        if (isCorrect is not false) return;
        await trail.RecordOfStrangerAsync(SessionTrail.LogIn, account, AuditOutcome.Forbidden, ct);
        if (isLocked) await trail.RecordOfStrangerAsync(SessionTrail.LockOut, account, AuditOutcome.Done, ct);
    }

    /// <summary>
    /// Forgets the failures of an address in the browser and from the network of the request, and from all that are not known, in the caller's transaction.
    /// </summary>
    internal Task ClearAsync(string emailKey, CancellationToken ct)
    {
        var (own, network, strangers) = GetKeys(emailKey);
        return FindAll(own, network, strangers)
            .ExecuteUpdateAsync(a => a.SetProperty(x => x.Failures, 0).SetProperty(x => x.LockedUntil, (DateTimeOffset?)null), ct);
    }

    private IQueryable<LogInAttempts> FindAll(byte[] own, byte[]? network, byte[] strangers)
    {
        var other = network ?? own;
        return db.LogInAttempts.Where(a => a.Key == own || a.Key == other || a.Key == strangers);
    }

    private LogInAttempts FindOrAdd(List<LogInAttempts> attempts, byte[] key)
    {
        if (Find(attempts, key) is { } found) return found;
        var added = new LogInAttempts { Key = key };
        db.Add(added);
        return added;
    }

    private static LogInAttempts? Find(List<LogInAttempts> attempts, byte[] key) => attempts.Find(a => a.Key.AsSpan().SequenceEqual(key));

    /// <summary>Counts a failure and returns whether it locks.</summary>
    private static bool AddFailure(LogInAttempts attempts, int freeAttempts, DateTimeOffset now)
    {
        attempts.Failures = attempts.LastAt < now - ForgetAfter ? 1 : attempts.Failures + 1;
        attempts.LastAt = now;
        attempts.LockedUntil = LockDuration(attempts.Failures, freeAttempts) is var pause && pause > TimeSpan.Zero ? now + pause : null;
        return attempts.LockedUntil is not null;
    }

    private bool IsKnown(List<LogInAttempts> attempts, byte[] own) => Find(attempts, own)?.LoggedInAt > clock.GetUtcNow() - KnownFor;

    private void ThrowIfStillLocked(List<LogInAttempts> attempts, byte[] own, byte[]? network)
    {
        var now = clock.GetUtcNow();
        var relevant = network is not null || IsKnown(attempts, own) ? attempts.Where(a => a.Key.AsSpan().SequenceEqual(own)) : attempts;
        if (relevant.Max(a => a.LockedUntil) is { } until && until > now)
            throw new RateLimited("Too many failed attempts. Wait before you try again.", (int)Math.Ceiling((until - now).TotalSeconds));
    }

    /// <summary>
    /// Returns the keys of an address with the known browser or else the network of the request, with the network where the browser is known, and with all
    /// networks that are not known.
    /// </summary>
    private (byte[] Own, byte[]? Network, byte[] Strangers) GetKeys(string emailKey)
    {
        var address = http.HttpContext?.ForwardedAddress() ?? http.HttpContext?.PeerAddress();
        var network = HashOf($"{emailKey}\n{NetworkKey.ForClient(address is null ? null : IPAddress.Parse(address))}");
        var strangers = HashOf(emailKey);
        return devices.Find(emailKey) is { } device ? (HashOf($"{emailKey}\ndevice {device}"), network, strangers) : (network, null, strangers);
    }

    private static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

/// <summary>Represents the attempts to log in with one e-mail address, in one browser, from one network or from all that are not known.</summary>
[NoPersonalData(IsExported = false)]
internal sealed class LogInAttempts
{
    /// <summary>Gets the SHA-256 of the address, or of the address and the network or the browser.</summary>
    public required byte[] Key { get; init; }

    /// <summary>Gets or sets the number of failures in a row.</summary>
    public int Failures { get; set; }

    public DateTimeOffset LastAt { get; set; }
    public DateTimeOffset? LockedUntil { get; set; }

    /// <summary>Gets or sets the time of the last login from the network or in the browser; null when there was none.</summary>
    public DateTimeOffset? LoggedInAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<LogInAttempts>
    {
        public void Configure(EntityTypeBuilder<LogInAttempts> attempts) => attempts.ToTable("login_attempts").HasKey(a => a.Key);
    }
}

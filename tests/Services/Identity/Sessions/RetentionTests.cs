using MedCor.Contracts;
using MedCor.Contracts.Identity;
using MedCor.Identity;
using MedCor.Identity.Authorization;
using MedCor.Identity.Revocations;
using MedCor.Identity.Sessions;
using MedCor.Platform.Retention;
using MedCor.ServiceDefaults.Authentication;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Tests.Services.Identity.Sessions;

/// <summary>Tests that each policy deletes expired rows, no more of them at once than it is told to, and no others.</summary>
public sealed class RetentionTests
{
    [Fact]
    public async Task Sessions_are_deleted_when_they_have_ended()
    {
        await using var identity = await IdentityFixture.Create();
        var now = identity.Clock.Now;
        await identity.Write(
            db => db.AddRange(Days(-2, -1, 1).Select(end => new Session { UserId = identity.Admin.Id, StartedAt = now.AddDays(-9), EndsAt = now + end })));

        Assert.Equal((1, 1, 0), await DeleteOneByOne(identity, db => new SessionRetention(db)));
        Assert.Equal([now.AddDays(1)], await Read(identity, db => db.Sessions.Select(s => s.EndsAt)));
    }

    [Fact]
    public async Task Refresh_tokens_are_deleted_when_they_have_expired_also_in_a_session_that_goes_on()
    {
        await using var identity = await IdentityFixture.Create();
        var (session, _) = await identity.StartSession();
        var now = identity.Clock.Now;
        await identity.Write(db => db.AddRange(Days(-2, -1, 1).Select((end, n) =>
            new RefreshToken { Hash = [(byte)n], SessionId = session.Id, ExpiresAt = now + end, SpentAt = now.AddDays(-3) })));

        Assert.Equal((1, 1, 0), await DeleteOneByOne(identity, db => new SessionRetention(db)));
        Assert.Equal([now.AddDays(1), now.AddDays(7)], await Read(identity, db => db.RefreshTokens.OrderBy(t => t.ExpiresAt).Select(t => t.ExpiresAt)));
    }

    [Fact]
    public async Task A_second_use_of_a_refresh_token_is_noticed_for_as_long_as_the_token_was_good()
    {
        await using var identity = await IdentityFixture.Create();
        var (_, token) = await identity.StartSession();
        await Refresh();
        identity.Clock.Now += TimeSpan.FromDays(6);
        await DeleteOneByOne(identity, db => new SessionRetention(db));

        await Assert.ThrowsAsync<Unauthenticated>(Refresh);

        Assert.Equal([identity.Clock.Now], await Read(identity, db => db.Sessions.Where(s => s.RevokedAt != null).Select(s => s.RevokedAt!.Value)));

        Task<SessionTokens> Refresh() => identity.Execute<RefreshSessionHandler, SessionTokens>(h => h.HandleAsync(new(token), CancellationToken.None));
    }

    [Fact]
    public async Task Access_tokens_are_deleted_when_they_have_expired_and_refresh_tokens_a_day_later()
    {
        await using var identity = await IdentityFixture.Create();
        var (now, prefix) = (identity.Clock.Now, "urn:ietf:params:oauth:token-type:");
        await identity.Write(db => db.AddRange(
            from type in (string[])["access_token", "id_token", "refresh_token"]
            from hours in (int[])[-25, -1, 1]
            select new OAuthToken { Id = Guid.CreateVersion7(), Type = prefix + type, ExpirationDate = now.AddHours(hours).UtcDateTime }));

        var deleted = await identity.Execute<IdentityDb, int>(db =>
        {
            db.Tenancy.Enter(hospital: null);
            return new AuthorizationRetention(db).DeleteExpiredAsync(now, 100, CancellationToken.None);
        });

        Assert.Equal(5, deleted);
        Assert.Equal([$"{prefix}access_token", $"{prefix}id_token", $"{prefix}refresh_token", $"{prefix}refresh_token"],
            await identity.Execute<IdentityDb, string[]>(db =>
            {
                db.Tenancy.Enter(hospital: null);
                return db.Set<OAuthToken>().OrderBy(t => t.Type).Select(t => t.Type!).ToArrayAsync();
            }));
    }

    [Fact]
    public async Task Revocations_are_deleted_when_no_token_can_be_left_of_their_time()
    {
        await using var identity = await IdentityFixture.Create();
        var (now, kept) = (identity.Clock.Now, TokenValidator.RevocationRetention(TimeSpan.FromSeconds(TokenOptions.MaxConfigurableSeconds)));
        await identity.Write(db => db.AddRange(Days(-2, -1, 1).Select(late => new Revocation { RevokedId = Guid.NewGuid(), RevokedAt = now - kept + late })));

        Assert.Equal((1, 1, 0), await DeleteOneByOne(identity, db => new RevocationRetention(db)));
        Assert.Equal([now - kept + TimeSpan.FromDays(1)], await Read(identity, db => db.Revocations.Select(r => r.RevokedAt)));
    }

    [Fact]
    public async Task Password_attempts_are_deleted_when_they_no_longer_count()
    {
        await using var identity = await IdentityFixture.Create();
        var now = identity.Clock.Now;
        byte hash = 0;
        await identity.Write(db =>
        {
            db.AddRange(Days(-2, -1, 1).Select(late => new LogInAttempts { Key = [hash++], LastAt = now - LockOut.ForgetAfter + late / 2 }));
            var known = now - LockOut.KnownFor + TimeSpan.FromDays(1);
            db.Add(new LogInAttempts { Key = [hash++], LastAt = known, LoggedInAt = known });
        });

        Assert.Equal((1, 1, 0), await DeleteOneByOne(identity, db => new LogInAttemptRetention(db)));
        Assert.Equal([now - LockOut.KnownFor + TimeSpan.FromDays(1), now - LockOut.ForgetAfter + TimeSpan.FromHours(12)],
            await Read(identity, db => db.LogInAttempts.OrderBy(a => a.LastAt).Select(a => a.LastAt)));
    }

    [Fact]
    public async Task Tokens_then_authorizations_then_unused_clients_are_deleted_a_day_after_they_were_of_use()
    {
        await using var identity = await IdentityFixture.Create();
        var now = identity.Clock.Now;
        Guid[] ids = [.. Days(-2, 0).Select(age => Guid.CreateVersion7(now + age))];
        await identity.Write(db => db.AddRange(ids.Select((id, n) => new OAuthApplication
        {
            Id = id, ClientId = $"client {n}",
            Authorizations = { new() { Id = id, CreationDate = (now + Days(-2, 0).ElementAt(n)).UtcDateTime } },
            Tokens = { new() { Id = id, ExpirationDate = (now + Days(-2, 0).ElementAt(n)).UtcDateTime } },
        })));
        await identity.Write(db => db.Set<OAuthToken>().Where(t => t.Authorization == null)
            .ExecuteUpdate(t => t.SetProperty(x => EF.Property<Guid?>(x, "AuthorizationId"), x => x.Id)));

        Assert.Equal((3, 0, 0), await DeleteOneByOne(identity, db => new AuthorizationRetention(db)));
        Assert.Equal([ids[1]], await identity.Execute<IdentityDb, Guid[]>(db =>
        {
            db.Tenancy.Enter(hospital: null);
            return db.Set<OAuthApplication>().Select(a => a.Id).ToArrayAsync();
        }));
    }

    [Fact]
    public async Task A_remembered_consent_is_deleted_when_it_is_forgotten()
    {
        await using var identity = await IdentityFixture.Create();
        var now = identity.Clock.Now;
        await identity.Write(db => db.Add(new OAuthApplication
        {
            Id = Guid.CreateVersion7(now.AddDays(-100)), ClientId = "client",
            Authorizations =
            {
                new() { Id = Guid.NewGuid(), Type = "permanent", CreationDate = (now - Consents.Lifetime).UtcDateTime.AddHours(-1) },
                new() { Id = Guid.NewGuid(), Type = "permanent", CreationDate = (now - Consents.Lifetime).UtcDateTime.AddHours(1) },
            },
        }));

        Assert.Equal((1, 0, 0), await DeleteOneByOne(identity, db => new AuthorizationRetention(db)));
    }

    private static Task<DateTimeOffset[]> Read(IdentityFixture identity, Func<IdentityDb, IQueryable<DateTimeOffset>> rows) =>
        identity.Execute<IdentityDb, DateTimeOffset[]>(db =>
        {
            db.Tenancy.Enter(hospital: null);
            return rows(db).ToArrayAsync();
        });

    private static IEnumerable<TimeSpan> Days(params int[] days) => days.Select(d => TimeSpan.FromDays(d));

    /// <summary>Returns how many rows the first three runs of a policy delete that may delete one row each.</summary>
    private static async Task<(int First, int Second, int Third)> DeleteOneByOne(IdentityFixture identity, Func<IdentityDb, IRetentionPolicy> policy)
    {
        Task<int> Run() => identity.Execute<IdentityDb, int>(db =>
        {
            db.Tenancy.Enter(hospital: null);
            return policy(db).DeleteExpiredAsync(identity.Clock.Now, 1, CancellationToken.None);
        });
        return (await Run(), await Run(), await Run());
    }
}

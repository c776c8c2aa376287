using System.Linq.Expressions;
using MedCor.Contracts;
using MedCor.Identity.Hospitals;
using MedCor.Identity.Sessions;
using MedCor.Platform.Querying;
using Microsoft.EntityFrameworkCore;

namespace MedCor.Identity.Authorization;

/// <summary>Represents a session as its user sees it.</summary>
/// <param name="ClientName">The name of the client program; null for a login by the API or in a browser.</param>
internal sealed record SessionWithClient(Session Session, string? ClientName);

/// <summary>Queries the sessions whose tokens are still good.</summary>
internal static class LiveSessions
{
    /// <summary>Returns the sessions of a user that have not ended: neither by a log-out nor by the rules of the user's hospital.</summary>
    internal static IQueryable<Session> FindLive(this IQueryable<Session> sessions, Guid userId, SignInPolicy policy, DateTimeOffset now) =>
        sessions.Where(IsLive(userId, policy, now));

    /// <summary>Restricts a list to the sessions of a user that have not ended.</summary>
    internal static ListQuery<Session> WhereLive(this ListQuery<Session> list, Guid userId, SignInPolicy policy, DateTimeOffset now) =>
        list.WhereSelective(IsLive(userId, policy, now));

    /// <summary>Returns the sessions that the caller may see: their own; for administrators, also those of the users that they administer.</summary>
    internal static IQueryable<Session> VisibleSessions(this IdentityDb db)
    {
        var caller = db.Tenancy.Caller;
        return caller.IsOneOf(Callers.Admins)
            ? db.Sessions.Where(s => db.Accounts.Any(a => a.Id == s.UserId))
            : db.Sessions.Where(s => s.UserId == caller.UserId);
    }

    /// <summary>Adds the names of the clients.</summary>
    internal static IQueryable<SessionWithClient> WithClients(this IQueryable<Session> sessions, IdentityDb db) =>
        from session in sessions.Include(s => s.User)
        join client in db.Set<OAuthApplication>() on session.ClientId equals client.ClientId into clients
        from client in clients.DefaultIfEmpty()
        select new SessionWithClient(session, client.DisplayName);

    private static Expression<Func<Session, bool>> IsLive(Guid userId, SignInPolicy policy, DateTimeOffset now)
    {
        var (startedSince, usedSince) = (now - policy.MaxLifetime, now - policy.IdleTimeout);
        return s => s.UserId == userId && s.RevokedAt == null && s.EndsAt > now && s.StartedAt > startedSince && (s.LastUsedAt ?? s.StartedAt) > usedSince;
    }
}

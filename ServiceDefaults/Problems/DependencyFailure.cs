using System.Net.Sockets;
using Npgsql;
using StackExchange.Redis;

namespace MedCor.ServiceDefaults.Problems;

/// <summary>Tells a server or service that is away, and will be back, from a fault.</summary>
internal static class DependencyFailure
{
    /// <summary>Whether an exception, or one that it wraps, says so: EF Core and MassTransit wrap what they could not do.</summary>
    internal static bool IsCauseOf(Exception e)
    {
        // PgBouncer has no code but 08P01 for what it says itself: that the database is away, or that the wait for it was too long.
        for (Exception? cause = e; cause is not null; cause = cause.InnerException)
            if (cause is NpgsqlException { IsTransient: true } or SocketException or TimeoutException or HttpRequestException or RedisException
                or PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections
                    or PostgresErrorCodes.ProtocolViolation })
                return true;
        return false;
    }
}

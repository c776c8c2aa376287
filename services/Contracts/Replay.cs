namespace MedCor.Contracts;

/// <summary>Represents the request of a service that other services replay the current state of all their entities, to this service only.</summary>
/// <param name="HistoryId">The ID of the replay.</param>
/// <param name="Asker">The service to whose queue the events are sent.</param>
/// <param name="Owners">The services that replay their entities.</param>
/// <param name="Events">The names of the event types that the requesting service handles: it could not count events that it does not handle.</param>
public sealed record HistoryWanted(Guid HistoryId, string Asker, IReadOnlyList<string> Owners, IReadOnlyList<string> Events) : IntegrationEvent(null, 0);

/// <summary>
/// Represents the event that a service has published all events of a replay. They may not have arrived yet: <see cref="ReplayEventId"/> numbers them.
/// </summary>
/// <param name="Events">The number of events.</param>
public sealed record HistoryTold(Guid HistoryId, string Service, long Events) : IntegrationEvent(null, 0)
{
    public override bool MayBeSentBy(string service) => Service == service;
}

/// <summary>Creates the IDs of replayed events. They are consecutive, so that a service can count which of them it has handled.</summary>
public static class ReplayEventId
{
    /// <summary>Returns the ID of the n-th event that a service replays.</summary>
    public static Guid Create(Guid history, string service, long n)
    {
        // The first half is that of the replay's ID, with its time and random bits; the second half encodes the service and the number.
        Span<byte> id = stackalloc byte[16];
        history.TryWriteBytes(id, bigEndian: true, out _);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(id[8..], n);
        var name = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(service));
        (id[8], id[9]) = ((byte)(0x80 | (name[0] & 0x3f)), name[1]);
        return new(id, bigEndian: true);
    }
}

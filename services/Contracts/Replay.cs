namespace MedCor.Contracts;

/// <summary>A service asks others to tell the present state of all they own once more, to itself alone.</summary>
/// <param name="HistoryId">Names this telling.</param>
/// <param name="Asker">The service whose queue it goes to.</param>
/// <param name="Owners">The services that are asked.</param>
/// <param name="Events">The names of the types of events that the asker hears: what it does not hear it could not count.</param>
public sealed record HistoryWanted(Guid HistoryId, string Asker, IReadOnlyList<string> Owners, IReadOnlyList<string> Events) : IntegrationEvent(null, 0);

/// <summary>An owner has told all it has. Its events may still be on their way: <see cref="ReplayEventId"/> numbers them.</summary>
/// <param name="Events">How many there are.</param>
public sealed record HistoryTold(Guid HistoryId, string Service, long Events) : IntegrationEvent(null, 0);

/// <summary>The ids of retold events: one after the other, so that a service can count which of them it has handled.</summary>
public static class ReplayEventId
{
    /// <summary>The id of the n-th event that an owner retells.</summary>
    public static Guid Create(Guid history, string service, long n)
    {
        // The first half is the history's, which holds the time and chance; the second says who tells, and the number.
        Span<byte> id = stackalloc byte[16];
        history.TryWriteBytes(id, bigEndian: true, out _);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(id[8..], n);
        var name = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(service));
        (id[8], id[9]) = ((byte)(0x80 | (name[0] & 0x3f)), name[1]);
        return new(id, bigEndian: true);
    }
}

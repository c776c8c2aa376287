using MedCor.Gateway.Authentication;
using MedCor.Validation;

namespace MedCor.Gateway.LiveEvents;

/// <summary>Reads the query and headers of a request for a stream of events that can be resumed.</summary>
internal static class ResumeRequest
{
    private const string Header = "Last-Event-ID";
    private const string Parameter = "last_event_id";

    /// <summary>Parses the ID of an event. Returns false when the text is none.</summary>
    internal delegate bool Parser<TPosition>(string id, out TPosition? position);

    /// <summary>
    /// Returns the position after which the stream resumes, which the header <c>Last-Event-ID</c> or else the query names; the default when neither does. Adds
    /// an error for each unknown parameter of the query and for an invalid ID.
    /// </summary>
    /// <param name="parameters">The parameters that the endpoint reads itself.</param>
    public static TPosition? ReadPosition<TPosition>(HttpRequest request, Parser<TPosition> parse, Dictionary<string, List<string>> errors,
        params string[] parameters)
    {
        string[] known = [.. parameters, Parameter, TicketHandler.Parameter];
        foreach (var name in request.Query.Keys.Except(known))
            errors.AddError(name,
                $"is not a parameter; there are {string.Join(", ", known[..^1])} and {known[^1]}. A token is never accepted in an address"
                    + DidYouMean.Hint(name, known));

        // A browser that reconnects by itself sends the header; a client that opens a new stream, with a new ticket, can only use the query.
        var (field, id) = request.Headers.TryGetValue(Header, out var header) ? (Header, header.ToString()) : (Parameter, request.Query[Parameter].ToString());
        if (id.Length == 0) return default;
        if (parse(id, out var position)) return position;
        errors.AddError(field, "is not the id of an event");
        return default;
    }
}

namespace MedCor.Contracts;

/// <summary>Defines the headers with which a client can safely repeat a write.</summary>
public static class IdempotencyHeaders
{
    /// <summary>The request header: requests with the same value are carried out once.</summary>
    public const string Key = "Idempotency-Key";

    /// <summary>The response header: <c>true</c> when the response is that of an earlier request.</summary>
    public const string Replayed = "Idempotent-Replayed";
}

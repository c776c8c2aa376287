namespace MedCor.Hosting;

/// <summary>The application cannot be started as asked; the message says what to do about it.</summary>
public class DistributedApplicationException : Exception
{
    /// <summary>Creates it.</summary>
    public DistributedApplicationException()
    {
    }

    /// <summary>Creates it with a message for the person at the terminal.</summary>
    public DistributedApplicationException(string message) : base(message)
    {
    }

    /// <summary>Creates it with a message for the person at the terminal, and the cause.</summary>
    public DistributedApplicationException(string message, Exception innerException) : base(message, innerException)
    {
    }
}

using MedCor.ServiceDefaults.Chats;
using MedCor.ServiceDefaults.Problems;

namespace MedCor.Chat.Calls;

/// <summary>How many calls this process carries out at once: each holds a connection to the model.</summary>
internal sealed class Places
{
    public const int Most = 256;

    /// <summary>Of one user: whoever asks most leaves places for the others. The server token stands for any number of them.</summary>
    public const int MostOfUser = Most / 4;

    private readonly Dictionary<CallOwner, int> taken = [];
    private int all;

    /// <summary>A place for one more call, to be disposed of. Throws <see cref="TooMany"/> when its owner has enough, and <see cref="Unavailable"/> when there is none.</summary>
    public Place Take(CallOwner owner)
    {
        lock (taken)
        {
            var theirs = taken.GetValueOrDefault(owner);
            if (theirs == MostOfUser && owner != CallOwner.Server) throw new TooMany($"{MostOfUser} answers are being written for you already. Wait for one to end, or cancel one.", retryAfter: 5);
            if (all == Most) throw new Unavailable("Too many answers are being written at present. Try again shortly.");
            (taken[owner], all) = (theirs + 1, all + 1);
        }
        return new(this, owner);
    }

    private void Release(CallOwner owner)
    {
        lock (taken)
        {
            all--;
            if (--taken[owner] == 0) taken.Remove(owner);
        }
    }

    /// <summary>A place that is taken until it is disposed of, by who keeps it.</summary>
    internal sealed class Place(Places places, CallOwner owner) : IDisposable
    {
        private Places? held = places;

        /// <summary>Hands it on: who has it by then disposes of it.</summary>
        public Place Keep() => new(Interlocked.Exchange(ref held, null)!, owner);

        public void Dispose() => Interlocked.Exchange(ref held, null)?.Release(owner);
    }
}

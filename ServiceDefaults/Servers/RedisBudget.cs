namespace MedCor.ServiceDefaults.Servers;

/// <summary>
/// Limits how many bytes of what is kept in Redis belong to one user and to one hospital, exactly and over all replicas: the script that stores something
/// counts it in the same step. What expires is no longer counted.
/// </summary>
public static class RedisBudget
{
    /// <summary>
    /// Functions for the beginning of a script. <c>open_budget(prefix, user, most, most_all)</c> opens the budget of a hospital, whose keys begin with the
    /// prefix, for one of its users. A member is something that is stored; its name begins with its user and a slash.
    /// <list type="bullet">
    /// <item><c>add(member, size)</c> counts bytes, also further ones of a member.</item>
    /// <item><c>keep(member, milliseconds)</c> states when the member expires.</item>
    /// <item><c>offer(member)</c> states that the member may be dropped to make room.</item>
    /// <item><c>forget(member)</c> counts the member no longer.</item>
    /// <item>
    /// <c>make_room(size, drop)</c> returns whether so many bytes fit. Calls <c>drop(user, name)</c> for the oldest members that may be dropped: those of the
    /// user when the user has too much, otherwise those of the hospital.
    /// </item>
    /// </list>
    /// </summary>
    public const string Functions = """
        local function open_budget(prefix, user, most, most_all)
          local bytes, expiry, spare = prefix .. ':bytes', prefix .. ':expiry', prefix .. ':spare'
          local time = redis.call('TIME')
          local now = time[1] * 1000 + math.floor(time[2] / 1000)
          local b = {}
          local function user_of(member) return string.match(member, '^[^/]*') end
          local function outlive(key, milliseconds)
            if redis.call('PTTL', key) < tonumber(milliseconds) then redis.call('PEXPIRE', key, milliseconds) end
          end
          function b.forget(member)
            local whose, size = user_of(member), tonumber(redis.call('HGET', bytes, member) or 0)
            redis.call('HDEL', bytes, member)
            for _, field in ipairs({whose, 'all'}) do
              -- Of 0, -size would be -0, which Redis 7.0 does not take for a number.
              if redis.call('HINCRBY', bytes, field, 0 - size) <= 0 then redis.call('HDEL', bytes, field) end
            end
            redis.call('ZREM', expiry, member)
            redis.call('ZREM', spare, member)
            redis.call('ZREM', spare .. ':' .. whose, member)
          end
          function b.add(member, size)
            for _, field in ipairs({member, user_of(member), 'all'}) do redis.call('HINCRBY', bytes, field, size) end
          end
          function b.keep(member, milliseconds)
            redis.call('ZADD', expiry, string.format('%.0f', now + milliseconds), member)
            outlive(expiry, milliseconds)
            outlive(bytes, milliseconds)
          end
          function b.offer(member)
            if redis.call('HEXISTS', bytes, member) == 0 then return end
            for _, key in ipairs({spare, spare .. ':' .. user_of(member)}) do
              redis.call('ZADD', key, string.format('%.0f', now), member)
              outlive(key, redis.call('PTTL', bytes))
            end
          end
          function b.make_room(size, drop)
            while true do
              local function is_over(field, bound) return tonumber(redis.call('HGET', bytes, field) or 0) + size > bound end
              local from = is_over(user, most) and spare .. ':' .. user or is_over('all', most_all) and spare
              if not from then return true end
              local oldest = redis.call('ZRANGE', from, 0, 0)[1]
              if not oldest then return false end
              drop(string.match(oldest, '^([^/]*)/(.*)$'))
              b.forget(oldest)
            end
          end
          for _, member in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', string.format('%.0f', now), 'LIMIT', 0, 1000)) do b.forget(member) end
          return b
        end
        """;
}

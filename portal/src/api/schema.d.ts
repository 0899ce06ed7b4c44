export interface paths {
    "/teams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the kind, ordered by id. */
        get: operations["list_teams"];
        put?: never;
        /** Makes a new one. */
        post: operations["create_teams"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/teams/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One, with its ETag. */
        get: operations["get_teams"];
        /** Gives it new content. */
        put: operations["replace_teams"];
        post?: never;
        /** Removes it. */
        delete: operations["remove_teams"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/teams/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its versions, newest first; those of a removed one too. */
        get: operations["history_teams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/teams/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it the content of an earlier version, as a new one. */
        post: operations["rollback_teams"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conflict-stores": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the kind, ordered by id. */
        get: operations["list_conflict_stores"];
        put?: never;
        /** Makes a new one. */
        post: operations["create_conflict_stores"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conflict-stores/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One, with its ETag. */
        get: operations["get_conflict_stores"];
        /** Gives it new content. */
        put: operations["replace_conflict_stores"];
        post?: never;
        /** Removes it. */
        delete: operations["remove_conflict_stores"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conflict-stores/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its versions, newest first; those of a removed one too. */
        get: operations["history_conflict_stores"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conflict-stores/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it the content of an earlier version, as a new one. */
        post: operations["rollback_conflict_stores"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conflict-policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the kind, ordered by id. */
        get: operations["list_conflict_policies"];
        put?: never;
        /** Makes a new one. */
        post: operations["create_conflict_policies"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conflict-policies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One, with its ETag. */
        get: operations["get_conflict_policies"];
        /** Gives it new content. */
        put: operations["replace_conflict_policies"];
        post?: never;
        /** Removes it. */
        delete: operations["remove_conflict_policies"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conflict-policies/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its versions, newest first; those of a removed one too. */
        get: operations["history_conflict_policies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conflict-policies/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it the content of an earlier version, as a new one. */
        post: operations["rollback_conflict_policies"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the kind, ordered by id. */
        get: operations["list_providers"];
        put?: never;
        /** Makes a new one. */
        post: operations["create_providers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/providers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One, with its ETag. */
        get: operations["get_providers"];
        /** Gives it new content. */
        put: operations["replace_providers"];
        post?: never;
        /** Removes it. */
        delete: operations["remove_providers"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/providers/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its versions, newest first; those of a removed one too. */
        get: operations["history_providers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/providers/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it the content of an earlier version, as a new one. */
        post: operations["rollback_providers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the kind, ordered by id. */
        get: operations["list_prices"];
        put?: never;
        /** Makes a new one. */
        post: operations["create_prices"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/prices/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One, with its ETag. */
        get: operations["get_prices"];
        /** Gives it new content. */
        put: operations["replace_prices"];
        post?: never;
        /** Removes it. */
        delete: operations["remove_prices"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/prices/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its versions, newest first; those of a removed one too. */
        get: operations["history_prices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/prices/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it the content of an earlier version, as a new one. */
        post: operations["rollback_prices"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/model-routes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the kind, ordered by id. */
        get: operations["list_model_routes"];
        put?: never;
        /** Makes a new one. */
        post: operations["create_model_routes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/model-routes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One, with its ETag. */
        get: operations["get_model_routes"];
        /** Gives it new content. */
        put: operations["replace_model_routes"];
        post?: never;
        /** Removes it. */
        delete: operations["remove_model_routes"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/model-routes/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its versions, newest first; those of a removed one too. */
        get: operations["history_model_routes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/model-routes/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it the content of an earlier version, as a new one. */
        post: operations["rollback_model_routes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upstreams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the kind, ordered by id. */
        get: operations["list_upstreams"];
        put?: never;
        /** Makes a new one. */
        post: operations["create_upstreams"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upstreams/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One, with its ETag. */
        get: operations["get_upstreams"];
        /** Gives it new content. */
        put: operations["replace_upstreams"];
        post?: never;
        /** Removes it. */
        delete: operations["remove_upstreams"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upstreams/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its versions, newest first; those of a removed one too. */
        get: operations["history_upstreams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upstreams/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it the content of an earlier version, as a new one. */
        post: operations["rollback_upstreams"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the kind, ordered by id. */
        get: operations["list_services"];
        put?: never;
        /** Makes a new one. */
        post: operations["create_services"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One, with its ETag. */
        get: operations["get_services"];
        /** Gives it new content. */
        put: operations["replace_services"];
        post?: never;
        /** Removes it. */
        delete: operations["remove_services"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its versions, newest first; those of a removed one too. */
        get: operations["history_services"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it the content of an earlier version, as a new one. */
        post: operations["rollback_services"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/routes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the kind, ordered by id. */
        get: operations["list_routes"];
        put?: never;
        /** Makes a new one. */
        post: operations["create_routes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/routes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One, with its ETag. */
        get: operations["get_routes"];
        /** Gives it new content. */
        put: operations["replace_routes"];
        post?: never;
        /** Removes it. */
        delete: operations["remove_routes"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/routes/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its versions, newest first; those of a removed one too. */
        get: operations["history_routes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/routes/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it the content of an earlier version, as a new one. */
        post: operations["rollback_routes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/applications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the kind, ordered by id. */
        get: operations["list_applications"];
        put?: never;
        /** Makes a new one. */
        post: operations["create_applications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/applications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One, with its ETag. */
        get: operations["get_applications"];
        /** Gives it new content. */
        put: operations["replace_applications"];
        post?: never;
        /** Removes it. */
        delete: operations["remove_applications"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/applications/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its versions, newest first; those of a removed one too. */
        get: operations["history_applications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/applications/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it the content of an earlier version, as a new one. */
        post: operations["rollback_applications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the kind, ordered by id. */
        get: operations["list_api_keys"];
        put?: never;
        /** Makes a new one. */
        post: operations["create_api_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One, with its ETag. */
        get: operations["get_api_keys"];
        /** Gives it new content. */
        put: operations["replace_api_keys"];
        post?: never;
        /** Removes it. */
        delete: operations["remove_api_keys"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its versions, newest first; those of a removed one too. */
        get: operations["history_api_keys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives it the content of an earlier version, as a new one. */
        post: operations["rollback_api_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the first user is still to be made. */
        get: operations["setup_state"];
        put?: never;
        /** Makes the first user, with the one-time token that the first start prints, and signs them in. */
        post: operations["set_up"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in, and the token that changes must carry. */
        get: operations["session"];
        put?: never;
        /** Signs in. */
        post: operations["sign_in"];
        /** Signs out. */
        delete: operations["sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/applications/{id}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a key for an application. The key is shown this once. */
        post: operations["make_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Revokes a key: it is refused on every node within two seconds, for good. */
        post: operations["revoke_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of tokens, oldest first. */
        get: operations["list_tokens"];
        put?: never;
        /** Makes a token that may do no more than its maker. It is shown this once. */
        post: operations["make_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a token: it is refused from the next request on. */
        delete: operations["remove_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the people who may sign in, oldest first. */
        get: operations["list_users"];
        put?: never;
        /** Makes a person with a role and a first password, which they change themselves. */
        post: operations["make_user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a person and ends their sessions. Not the last owner. */
        delete: operations["remove_user"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}/role": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Gives a person another role; it holds from their next request on. The last owner stays one. */
        put: operations["change_role"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}/disabled": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Keeps a person from signing in and ends their sessions, or lets them sign in again. Not the last owner. */
        put: operations["disable_user"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Changes one's own password; one's other sessions end. */
        put: operations["change_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/providers/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes one real request to a provider with its own key. A failure is an answer, not an error. Each test is
         *     in the audit trail; none is in the ledger.
         */
        post: operations["test_provider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/catalog/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Vendors that are known before anybody configures them, with the ids of their models. */
        get: operations["catalog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/catalog/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Models that are known, with what they can do and their prices by date, by provider and id. */
        get: operations["catalog_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What can be called: model routes, and models addressed as `provider/model`, with their price. */
        get: operations["models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/routing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the targets of model routes stand at this moment: breaker, cooldown, latency, calls under way, last error, keys. */
        get: operations["routing"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/routes/{id}/openapi": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The OpenAPI 3.1 document of a route: its methods, its parameters, who may call, and the headers and answers that its
         *     conflict policy adds. What the upstream answers is not known, and stands there as `default`.
         */
        get: operations["route_openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/playground/chat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sends the body of `/v1/chat/completions` through the data plane, with a key that lives for this
         *     request, and passes the answer on as it comes, streams included.
         */
        post: operations["chat"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sums of requests, errors, tokens, cost and latency, by group and time. */
        get: operations["report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the log, newest first. */
        get: operations["list_requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/requests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One request with its attempts. */
        get: operations["get_request"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/requests/{id}/bodies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a request and its answer held, as they came and as they were translated, without what was redacted. Each reading
         *     is in the audit trail. 404 `no-bodies` says in `reason` why there is nothing.
         */
        get: operations["get_request_bodies"];
        put?: never;
        post?: never;
        /** Erases what a request and its answer held; the request itself stays in the log. */
        delete: operations["erase_request_bodies"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/teams/{id}/bodies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Erases what all requests of a team held up to now; the requests themselves stay in the log. */
        delete: operations["erase_team_bodies"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conflicts/held": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is held: locks of clients, leases of writes under way, idempotency keys, limits with their permits. A page may be
         *     short, or even empty, while `next_cursor` says that there is more. Secrets, tokens and kept answers are never shown.
         */
        get: operations["list_held"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conflicts/locks/{store}/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Takes a lock, or the lease of a write, from who holds it: its token is worth nothing from then on. The audit trail says
         *     who did it, whose it was, and why.
         */
        delete: operations["break_lock"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/conflicts/keys/{store}/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forgets an idempotency key: the next request with it is executed. The audit trail says who did it, and why. */
        delete: operations["forget_idempotency_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the trail, newest first. */
        get: operations["list_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Reads the whole trail and tells whether an entry was changed, put in or taken out. */
        get: operations["check_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What Home shows. */
        get: operations["overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/system": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Version, revision, and how this process is. */
        get: operations["system"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/config/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What an apply of these documents would do. Needs the right to apply them: a plan looks up the variables
         *     and files that the documents name.
         */
        post: operations["plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/config/apply": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Applies documents, all or nothing. A stale base is refused with what the documents would change now. */
        post: operations["apply"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/config/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything as YAML documents, secrets as references or fingerprints. */
        get: operations["export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/schema/{kind}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The JSON Schema (draft 2020-12) of a document of a kind. */
        get: operations["schema"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description What a model can do.
         * @enum {string}
         */
        Ability: "tools" | "parallel_tools" | "tool_choice" | "json_schema" | "reasoning" | "vision" | "pdf" | "audio_in" | "audio_out" | "video_in" | "web_search" | "computer_use" | "prompt_caching" | "prefill" | "system_messages";
        /**
         * @description What a change does to a resource.
         * @enum {string}
         */
        Action: "create" | "update" | "delete";
        /** @description A limit that is found out. */
        Adaptive: {
            /**
             * @description How.
             * @default gradient2
             */
            algorithm: components["schemas"]["Algorithm"];
            /**
             * Format: int32
             * @description The lowest limit.
             * @default 4
             */
            min: number;
            /**
             * Format: int32
             * @description The first.
             * @default 20
             */
            initial: number;
            /**
             * Format: int32
             * @description The highest.
             * @default 1000
             */
            max: number;
            /**
             * @description What is measured.
             * @default ttfb
             */
            sample: components["schemas"]["Sample"];
            /**
             * Format: int32
             * @description How much slower answers may get before the limit falls, in percent of what they took before (100 or more).
             * @default 150
             */
            tolerance_percent: number;
        };
        /**
         * @description How a limit is found out.
         * @enum {string}
         */
        Algorithm: "gradient2";
        /**
         * @description What becomes of a write whose outcome is there already.
         * @enum {string}
         */
        AlreadyApplied: "reject" | "success";
        /**
         * @description Keeps whole answers in memory and gives them to callers whose request is the same byte for byte, for nothing.
         *
         *     A caller passes it by with the header `x-weir-cache: bypass`, or has the answer made anew with `x-weir-cache: refresh`;
         *     `Cache-Control: no-store` and `no-cache` mean the same. The answer says in `x-weir-cache` what happened.
         */
        AnswerCache: {
            /**
             * Format: int64
             * @description How long an answer is kept, in seconds (1 to 2,592,000: thirty days).
             */
            ttl_s: number;
            /** @description The longest answer that is kept, in bytes (1,024 to 16,777,216). */
            max_bytes?: number;
            /** @description Who shares answers. */
            scope?: components["schemas"]["CacheScope"];
        };
        /** @description Versions of a resource. */
        AnyHistory: {
            /** @description Newest first. */
            items: components["schemas"]["HistoryView"][];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /**
         * @description A credential of an application. Its id is the public part of the key; only a hash of the secret
         *     part is stored. Give either `hash` (as an export holds it) or `secret` (a whole key by `env:` or
         *     `file:`, hashed when it is applied).
         */
        ApiKey: {
            /**
             * @description The application it belongs to.
             * @default
             */
            application: string;
            /**
             * @description What it is for, for people.
             * @default
             */
            name: string;
            /**
             * @description SHA-256 of the whole key, in lower-case hexadecimal.
             * @default
             */
            hash: string;
            secret?: components["schemas"]["SecretRef"] | null;
            /** @description When it stops working, RFC 3339. Absent: never. */
            expires_at?: string | null;
            /** @description Narrows the application's `models` for this key. Absent: all that the application may call. */
            models?: string[] | null;
            /** @description Narrows the application's `services` for this key. Absent: all that the application may call. */
            services?: string[] | null;
            /**
             * @description Narrows the application's `providers` for this key. Absent: all that the application may call, or none where
             *     `models` is narrowed, because a provider's own API reaches each of its models.
             */
            providers?: string[] | null;
            /**
             * @description A revoked key is refused with 401 within two seconds on every node, and stays refused.
             * @default false
             */
            revoked: boolean;
        };
        ApiKeyCreate: {
            id?: string;
            team?: string;
            spec: components["schemas"]["ApiKey"];
        };
        ApiKeyPage: {
            items: components["schemas"]["ApiKeyResource"][];
            next_cursor: string | null;
        };
        ApiKeyReplace: {
            team?: string;
            spec: components["schemas"]["ApiKey"];
        };
        ApiKeyResource: {
            /** @enum {string} */
            kind: "ApiKey";
            id: string;
            team: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
            managed_by?: string;
            spec: components["schemas"]["ApiKey"];
        };
        /** @description A program that calls APIs. What it may call is named here; nothing is allowed by default. */
        Application: {
            /**
             * @description Its name, for people.
             * @default
             */
            name: string;
            /**
             * @description What it does.
             * @default
             */
            description: string;
            /**
             * @description Models it may call: names of model routes, `provider/model`, `provider/*`, or `*` for all
             *     model routes and models.
             * @default []
             */
            models: string[];
            /**
             * @description Services it may call by id, or `*` for all.
             * @default []
             */
            services: string[];
            /**
             * @description Providers whose own API it may call as it is, under `/providers/{id}/…`: by id, or `*` for all. Everything that
             *     the provider's key may do there, whatever `models` says. Nothing by default.
             * @default []
             */
            providers: string[];
            /**
             * @description Providers in whose account it may keep files and run batches, at `/v1/files`, `/v1/uploads`, `/v1/batches` and
             *     `/v1/messages/batches`: by id, or `*` for all. It reaches its own files and batches alone; a batch may be of any
             *     model of the provider's, whatever `models` says. Those under `providers` need not be listed again.
             * @default []
             */
            batches: string[];
            /**
             * @description A disabled application is refused with 403, its keys stay.
             * @default false
             */
            disabled: boolean;
        };
        ApplicationCreate: {
            id?: string;
            team?: string;
            spec: components["schemas"]["Application"];
        };
        ApplicationPage: {
            items: components["schemas"]["ApplicationResource"][];
            next_cursor: string | null;
        };
        ApplicationReplace: {
            team?: string;
            spec: components["schemas"]["Application"];
        };
        ApplicationResource: {
            /** @enum {string} */
            kind: "Application";
            id: string;
            team: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
            managed_by?: string;
            spec: components["schemas"]["Application"];
        };
        /** @description What an apply did. */
        ApplyReport: {
            /**
             * Format: int64
             * @description The store's revision now.
             */
            revision: number;
            /** @description What changed. */
            changes: components["schemas"]["Change"][];
        };
        /** @description One attempt at one target. */
        AttemptView: {
            /**
             * Format: int64
             * @description Counts from 1.
             */
            number: number;
            /** @description The provider (AI) or upstream (REST). */
            provider: string;
            /** @description Name of the key within the provider's pool. */
            provider_key: string;
            /** @description The model at the provider (AI), or the target's address (REST). */
            target: string;
            /**
             * Format: int64
             * @description When it began, microseconds after the request's `at`.
             */
            started_us: number;
            /**
             * Format: int64
             * @description From its begin to the first byte of the answer.
             */
            first_byte_us?: number | null;
            /** Format: int64 */
            duration_us: number;
            /**
             * Format: int64
             * @description HTTP status received; 0 when none came.
             */
            status: number;
            outcome: string;
            /** @description What went wrong. */
            error: string;
            usage: components["schemas"]["UsageView"];
            /**
             * Format: int64
             * @description Nano-dollars; null when the price is unknown.
             */
            cost?: number | null;
            /** @description The same in dollars, as a decimal string. */
            cost_usd?: string | null;
            /** @description The price row that the cost was computed with. */
            price: string;
            /**
             * @description What became of the answer where the caller left before its end: `cut`, `drained` (read to its end) or `truncated`
             *     (read on, but not to its end); null where the caller stayed.
             */
            aborted?: string | null;
            /** @description Whether it was made with a copy of the request, for comparison: nobody got its answer, and its cost is nobody's. */
            shadow: boolean;
            /**
             * @description Of a shadow: whether its text and calls of tools are those that the caller got; null where one of the two gave no
             *     whole answer.
             */
            same_answer?: boolean | null;
        };
        /** @description What a check of the whole trail found. */
        AuditCheck: {
            /** @description Whether every entry is there and unchanged. */
            intact: boolean;
            /**
             * Format: int64
             * @description Entries read.
             */
            entries: number;
            /**
             * Format: int64
             * @description The first entry that is missing or was changed.
             */
            broken_at?: number | null;
        };
        /** @description One entry. */
        AuditEntry: {
            /**
             * Format: int64
             * @description Counts up by one.
             */
            seq: number;
            /** @description When, RFC 3339. */
            at: string;
            /** @description Who: `user:…`, `token:…`, `cli`, `file:…` or `system`. */
            actor: string;
            /** @description Whose name that is: `user:ID` or `token:ID`, as a name can be given twice; empty for the others. */
            actor_id: string;
            /** @description The address that the request came from, or empty. */
            address: string;
            /** @description The request's id, or empty. */
            request_id: string;
            /**
             * @description `create`, `update`, `delete`, `rollback`, `test`, `sign-in`, `sign-in-refused`, `sign-out`, `break-lock`,
             *     `forget-key`, and of a person `role`, `disable`, `enable`, `password`.
             */
            action: string;
            /** @description The kind of what was changed. */
            kind: string;
            /** @description Its id. */
            id: string;
            /** @description What it was, without secrets; null when it was not there. */
            before: Record<string, never>;
            /** @description What it became, without secrets; null when it went. */
            after: Record<string, never>;
            /** @description Covers this entry and, through the one before, all older ones. */
            hash: string;
        };
        /**
         * @description Who may call.
         * @enum {string}
         */
        Auth: "api_key" | "public";
        /**
         * @description Who knows the current version.
         * @enum {string}
         */
        Authority: "upstream" | "gateway";
        /** @description How long is waited between attempts: any time up to a limit that doubles. */
        Backoff: {
            /**
             * @description The first limit.
             * @default 50ms
             */
            base: components["schemas"]["Span"];
            /**
             * @description The last.
             * @default 1s
             */
            max: components["schemas"]["Span"];
        };
        /**
         * @description Who pays for a model call that was joined.
         * @enum {string}
         */
        Billing: "leader" | "each";
        /** @description Whether what a request held is kept. */
        BodiesState: {
            /** @description Whether it can be read, by those who may. */
            kept: boolean;
            /** @description When it is deleted, RFC 3339; null when nothing is kept. */
            expires_at?: string | null;
            reason?: components["schemas"]["NoBodies"] | null;
        };
        /** @description One body, without what was redacted. */
        Body: {
            /**
             * @description Its text: JSON on one line, the events of a stream one below the other, or plain text. Of what is no text, its
             *     digest and size.
             */
            text: string;
            /**
             * Format: int64
             * @description How many bytes it had; of a stream that is longer than what was looked at, how many these were.
             */
            bytes: number;
            /** @description Whether `text` ends before the body did. */
            truncated: boolean;
            /**
             * @description How many places were taken out, by what they were: `secret`, `email`, `card`, `iban`, `phone`, `member`, `pointer`,
             *     `pattern`, `media` for what became a digest, and `withheld` for a whole body that did, since what was taken out by
             *     its place in the other dialect might stand in it.
             */
            redacted?: {
                [key: string]: number;
            };
        };
        /**
         * @description When a target that fails again and again is left alone for longer. What it counts is the target's fault: errors of
         *     the server, no connection, no answer in time; never a refusal of the caller's request, a key or a limit of rate.
         */
        Breaker: {
            /**
             * Format: int32
             * @description Opens after so many failures in a row; 0: never for that.
             * @default 5
             */
            failures: number;
            /**
             * Format: int32
             * @description Opens when so much of the attempts within the window failed, in per cent; 0: never for that.
             * @default 50
             */
            error_percent: number;
            /**
             * Format: int32
             * @description The least attempts within the window for `error_percent` to count.
             * @default 20
             */
            min_attempts: number;
            /**
             * Format: int64
             * @description The window, in milliseconds.
             * @default 30000
             */
            window_ms: number;
            /**
             * Format: int64
             * @description How long it stays open; then one call is let through as a probe, and its end decides.
             * @default 30000
             */
            open_ms: number;
            /**
             * @description Refuses calls at once while every target is open. Otherwise the one that was open longest is asked, since an
             *     answer that may fail is better than none.
             * @default false
             */
            refuse_when_open: boolean;
        };
        /**
         * @description How a circuit breaker stands.
         * @enum {string}
         */
        BreakerState: "closed" | "open" | "half_open";
        /**
         * @description What Weir recognises by itself.
         * @enum {string}
         */
        Builtin: "email" | "card" | "iban" | "phone";
        /**
         * @description Who shares kept answers.
         * @enum {string}
         */
        CacheScope: "team" | "application" | "everyone";
        /** @description Something that callers may name as `model`. */
        CallableModel: {
            /** @description The name to call: a model route's, or `provider/model`. */
            id: string;
            /** @description `route` or `direct`. */
            kind: string;
            /** @description The provider; of a route, the one tried first. */
            provider?: string | null;
            /** @description The model at that provider. */
            model?: string | null;
            /** @description What the route is for. */
            description?: string;
            modality?: components["schemas"]["Modality"] | null;
            /**
             * Format: int64
             * @description Tokens that fit into one request.
             */
            context?: number | null;
            /**
             * Format: int64
             * @description The most tokens it writes.
             */
            max_output_tokens?: number | null;
            price?: components["schemas"]["PerMillion"] | null;
        };
        /** @description A target on trial: it is asked first for its share of the calls, and else only when no other is left. */
        Canary: {
            /**
             * Format: int32
             * @description Its share of the calls (0 to 100).
             */
            percent: number;
            /**
             * @description A header whose value decides who is in that share, so that one user meets one model; absent: each call by
             *     itself.
             */
            header?: string | null;
        };
        /** @description A vendor that is known. */
        CatalogEntry: components["schemas"]["CatalogProvider"] & {
            /** @description Its id in the catalogue. */
            id: string;
            /** @description Ids of its models; `/catalog/models` says what is known of them. */
            model_ids: string[];
        };
        /** @description A model that is known. */
        CatalogModel: {
            /**
             * @description What it is for.
             * @default chat
             */
            modality: components["schemas"]["Modality"];
            /**
             * Format: int64
             * @description Tokens that fit into one request.
             * @default null
             */
            context: number | null;
            /**
             * Format: int64
             * @description The most tokens it writes.
             * @default null
             */
            max_output_tokens: number | null;
            /**
             * @description What it can do. What is absent is not known of it.
             * @default []
             */
            abilities: components["schemas"]["Ability"][];
            /**
             * @description The day on which the vendor withdraws it.
             * @default null
             */
            deprecated_on: string | null;
            /**
             * @description What it costs, by date. Empty when unknown, which is not free.
             * @default []
             */
            prices: components["schemas"]["CatalogPrice"][];
        };
        /** @description A model that is known. */
        CatalogModelView: components["schemas"]["CatalogModel"] & {
            /** @description The catalogue's id of the provider. */
            provider: string;
            /** @description The model's id at that provider. */
            id: string;
        };
        /** @description A price from a date on. */
        CatalogPrice: {
            /** @description The first day on which it holds, UTC. */
            effective_from: string;
            /** @description The page it was read from. */
            source: string;
            /** @description Dollars for a million tokens, by bucket. */
            per_million?: components["schemas"]["PerMillion"];
            /** @description Rates of requests with much input. */
            context_tiers?: components["schemas"]["ContextTier"][];
            /** @description What differs in a service tier. */
            service_tiers?: {
                [key: string]: components["schemas"]["TierPrice"];
            };
            /** @description Dollars for one of what is not tokens. */
            per_unit?: components["schemas"]["PerUnit"];
            /** @description By what the cost of tokens is multiplied. */
            multipliers?: components["schemas"]["Multipliers"];
        };
        /** @description A provider that is known. */
        CatalogProvider: {
            /** @description Its name, for people. */
            name: string;
            /** @description What it speaks. */
            protocol: components["schemas"]["Protocol"];
            /** @description Its address; empty where it holds what is the customer's. */
            base_url?: string;
            /**
             * @description The form of the address where it holds what is the customer's, such as
             *     `https://{account}.example.com/v1`.
             */
            base_url_form?: string | null;
            /** @description The environment variable in which people usually keep its key. */
            key_env?: string | null;
            /** @description In what it differs from its protocol. */
            quirks?: components["schemas"]["Quirks"];
            /** @description The page on which address, key and differences stand. */
            source?: string;
            /** @description Its models by id. */
            models?: {
                [key: string]: components["schemas"]["CatalogModel"];
            };
        };
        /** @description Every vendor that is known. */
        CatalogView: {
            items: components["schemas"]["CatalogEntry"][];
        };
        /** @description One resource that changes. */
        Change: {
            /** @description What happens to it. */
            action: components["schemas"]["Action"];
            /** @description Its kind. */
            kind: components["schemas"]["Kind"];
            /** @description Its id. */
            id: string;
            /** @description Field by field. */
            diff: components["schemas"]["FieldDiff"][];
        };
        /** @description The steps of the first minutes. */
        Checklist: {
            /** @description A provider was added. */
            provider: boolean;
            /** @description A model answered in the playground. */
            playground: boolean;
            /** @description An API key was made. */
            key: boolean;
            /** @description An application called with success. */
            called: boolean;
        };
        /** @description One upstream call for identical reads at the same time. */
        Coalesce: {
            /**
             * @description The methods. Another than GET and HEAD needs `body_hash`.
             * @default [
             *       "GET",
             *       "HEAD"
             *     ]
             */
            methods: components["schemas"]["Method"][];
            /**
             * @description Headers in which joined requests are the same.
             * @default [
             *       "accept",
             *       "accept-encoding",
             *       "accept-language"
             *     ]
             */
            vary_on: string[];
            /**
             * @description Whether requests of different callers are joined.
             * @default false
             */
            share_across_consumers: boolean;
            /**
             * @description That answers of this route are for everybody: asked for where callers prove who they are.
             * @default false
             */
            ack_public: boolean;
            /**
             * @description How long a joined request waits for the answer's head before it asks for itself.
             * @default 3s
             */
            max_wait: components["schemas"]["Span"];
            /**
             * @description How much of an answer is kept for those who join late.
             * @default 4MiB
             */
            max_body: components["schemas"]["Size"];
            /**
             * @description Whether the body belongs to what is the same.
             * @default false
             */
            body_hash: boolean;
            /**
             * @description Who gets the upstream's 5xx.
             * @default share
             */
            on_error: components["schemas"]["CoalesceError"];
            /**
             * @description Who pays for a model call that was joined.
             * @default leader
             */
            billing: components["schemas"]["Billing"];
        };
        /**
         * @description Who gets the 5xx that the first of joined requests got.
         * @enum {string}
         */
        CoalesceError: "share" | "promote";
        /** @description A limit of requests under way. */
        Concurrency: {
            /** @description Its name, which answers say. */
            name: string;
            /** @description What is counted together: a template as `key` above. By default the route. */
            key?: string | null;
            /**
             * Format: int32
             * @description How many at once; either this or `adaptive`.
             */
            limit?: number | null;
            adaptive?: components["schemas"]["Adaptive"] | null;
            /**
             * Format: int32
             * @description The status of a request that finds no room: 429, or 503. By default 429 where `key` tells callers
             *     apart (`{consumer}`, `{tenant}` or `{header.NAME}` is in it), else 503.
             */
            reject_status?: number | null;
            queue?: components["schemas"]["Queue"] | null;
            /** @description Whether requests at other nodes count. */
            scope?: components["schemas"]["NodeScope"];
            /** @description Shares of the limit by priority, which the header `X-Priority` names; a request without takes the largest. */
            priorities?: {
                [key: string]: components["schemas"]["Percent"];
            };
            /** @description What becomes of requests while the store is down: each node's part of the limit holds by itself, or none does. */
            on_error?: components["schemas"]["LimitOnError"];
        };
        /**
         * @description A header that makes a request conditional (RFC 9110 section 13.1).
         * @enum {string}
         */
        ConditionHeader: "if-match" | "if-none-match" | "if-unmodified-since";
        /** @description 304 at the gateway. */
        ConditionalReads: {
            /**
             * @description Whether conditions of reads are evaluated.
             * @default true
             */
            enabled: boolean;
        };
        /** @description Policies of concurrency and conflict, each for itself. */
        Conflict: {
            /** @description A `ConflictPolicy` whose parts hold where this one leaves them out, before what is inherited. */
            policy?: string | null;
            /**
             * @description What is one resource: a template of `{api}`, `{version}`, `{tenant}`, `{path}`, `{path.NAME}`, `{query.NAME}`,
             *     `{header.NAME}`, `{consumer}` and `{json:/pointer}`. By default `{tenant}/{api}/{version}{path}`.
             */
            key?: string | null;
            /**
             * @description The `ConflictStore` that holds leases, locks, keys and permits. By default the one with the id `default`, and where
             *     there is none, the memory of the node.
             */
            store?: string | null;
            writers?: components["schemas"]["Writers"] | null;
            /** @description Whether answers say in `Conflict-Status` what was done; by default they do. */
            status_header?: boolean | null;
            validators?: components["schemas"]["Validators"] | null;
            conditional_reads?: components["schemas"]["ConditionalReads"] | null;
            preconditions?: components["schemas"]["Preconditions"] | null;
            lost_update?: components["schemas"]["LostUpdate"] | null;
            serialize?: components["schemas"]["Serialise"] | null;
            lock?: components["schemas"]["Lock"] | null;
            coalesce?: components["schemas"]["Coalesce"] | null;
            idempotency?: components["schemas"]["Idempotency"] | null;
            /**
             * @description Limits of requests under way.
             * @default []
             */
            concurrency: components["schemas"]["Concurrency"][];
            upstream_conflict?: components["schemas"]["UpstreamConflict"] | null;
        };
        /** @description Policies of concurrency and conflict, each for itself. */
        ConflictPolicy: {
            /** @description A `ConflictPolicy` whose parts hold where this one leaves them out, before what is inherited. */
            policy?: string | null;
            /**
             * @description What is one resource: a template of `{api}`, `{version}`, `{tenant}`, `{path}`, `{path.NAME}`, `{query.NAME}`,
             *     `{header.NAME}`, `{consumer}` and `{json:/pointer}`. By default `{tenant}/{api}/{version}{path}`.
             */
            key?: string | null;
            /**
             * @description The `ConflictStore` that holds leases, locks, keys and permits. By default the one with the id `default`, and where
             *     there is none, the memory of the node.
             */
            store?: string | null;
            writers?: components["schemas"]["Writers"] | null;
            /** @description Whether answers say in `Conflict-Status` what was done; by default they do. */
            status_header?: boolean | null;
            validators?: components["schemas"]["Validators"] | null;
            conditional_reads?: components["schemas"]["ConditionalReads"] | null;
            preconditions?: components["schemas"]["Preconditions"] | null;
            lost_update?: components["schemas"]["LostUpdate"] | null;
            serialize?: components["schemas"]["Serialise"] | null;
            lock?: components["schemas"]["Lock"] | null;
            coalesce?: components["schemas"]["Coalesce"] | null;
            idempotency?: components["schemas"]["Idempotency"] | null;
            /**
             * @description Limits of requests under way.
             * @default []
             */
            concurrency: components["schemas"]["Concurrency"][];
            upstream_conflict?: components["schemas"]["UpstreamConflict"] | null;
        };
        ConflictPolicyCreate: {
            id?: string;
            team?: string;
            spec: components["schemas"]["ConflictPolicy"];
        };
        ConflictPolicyPage: {
            items: components["schemas"]["ConflictPolicyResource"][];
            next_cursor: string | null;
        };
        ConflictPolicyReplace: {
            team?: string;
            spec: components["schemas"]["ConflictPolicy"];
        };
        ConflictPolicyResource: {
            /** @enum {string} */
            kind: "ConflictPolicy";
            id: string;
            team: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
            managed_by?: string;
            spec: components["schemas"]["ConflictPolicy"];
        };
        /** @description A policy of conflicts, or none although the service or the default has one. */
        ConflictSetting: components["schemas"]["Off"] | components["schemas"]["Conflict"];
        /** @description Where leases, locks, keys and permits are held. */
        ConflictStore: {
            /** @description What it is. */
            type: components["schemas"]["StoreType"];
            /** @description Where it is: `redis://…` or `rediss://…`, `postgres://…`. One address; none for memory. */
            urls?: components["schemas"]["SecretRef"][];
            op_timeout?: components["schemas"]["Span"] | null;
            /** @description When it is left alone. */
            breaker?: components["schemas"]["StoreBreaker"];
            /**
             * @description Another `ConflictStore`, of PostgreSQL, that counts how often this one has lost data, so that fencing tokens keep
             *     rising whatever the clock of this one does. Without it the store's own clock marks that.
             */
            epoch_from?: string | null;
        };
        ConflictStoreCreate: {
            id?: string;
            team?: string;
            spec: components["schemas"]["ConflictStore"];
        };
        ConflictStorePage: {
            items: components["schemas"]["ConflictStoreResource"][];
            next_cursor: string | null;
        };
        ConflictStoreReplace: {
            team?: string;
            spec: components["schemas"]["ConflictStore"];
        };
        ConflictStoreResource: {
            /** @enum {string} */
            kind: "ConflictStore";
            id: string;
            team: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
            managed_by?: string;
            spec: components["schemas"]["ConflictStore"];
        };
        /**
         * @description What is done about a conflict.
         * @enum {string}
         */
        ConflictStrategy: "pass" | "retry" | "reread";
        /**
         * @description Rates of requests with more input than so many tokens. They are for the whole request, and stand in the place of the
         *     rates without it; a bucket that is absent keeps the rate that it has for smaller requests.
         */
        ContextTier: {
            /**
             * Format: int64
             * @description The rates hold for requests whose input (all buckets of it) is larger than this.
             */
            above: number;
            /** @description Dollars for a million tokens. */
            per_million: components["schemas"]["PerMillion"];
        };
        /**
         * @description Why something is left alone.
         * @enum {string}
         */
        CooldownReason: "failed" | "limited" | "asked";
        /** @description Why and until when something is left alone. */
        CooldownState: {
            /** @description Until when, in microseconds since 1970 UTC. */
            until: components["schemas"]["i64"];
            /** @description Why. */
            reason: components["schemas"]["CooldownReason"];
        };
        /** @description Copies of calls, by what became of them. */
        Copies: {
            /**
             * Format: int64
             * @description The shadow said what the caller was told.
             */
            same: number;
            /**
             * Format: int64
             * @description It said something else.
             */
            different: number;
            /**
             * Format: int64
             * @description It answered, but one of the two answers was not whole, or too long to compare.
             */
            not_compared: number;
            /**
             * Format: int64
             * @description It failed.
             */
            failed: number;
            /**
             * Format: int64
             * @description Left out: as many as may be were under way.
             */
            busy: number;
            /**
             * Format: int64
             * @description Left out: it rested after a failure, its health check failed, or its key had no room.
             */
            resting: number;
            /**
             * Format: int64
             * @description Left out: a copy could have done more than answer, or the target cannot take it.
             */
            unfit: number;
        };
        /** @description How many there are. What the system keeps for itself is not counted. */
        Counts: {
            /** Format: int64 */
            teams: number;
            /** Format: int64 */
            providers: number;
            /** Format: int64 */
            model_routes: number;
            /** Format: int64 */
            services: number;
            /** Format: int64 */
            routes: number;
            /** Format: int64 */
            applications: number;
            /** Format: int64 */
            api_keys: number;
        };
        /** @description How somebody signs in. */
        Credentials: {
            /** @description The address of the account. */
            email: string;
            /**
             * Format: password
             * @description The password; 10 to 512 bytes.
             */
            password: string;
        };
        /** @description Whether a person is kept from signing in. */
        DisabledChange: {
            disabled: boolean;
        };
        /** @description Endpoints beside chat; absent where nobody said. */
        Endpoints: {
            /**
             * @description `GET /models`.
             * @default null
             */
            models: boolean | null;
            /**
             * @description `POST /responses`.
             * @default null
             */
            responses: boolean | null;
            /**
             * @description `POST /embeddings`.
             * @default null
             */
            embeddings: boolean | null;
            /**
             * @description `POST /completions`. Where it is not there, completions are chats.
             * @default null
             */
            completions: boolean | null;
        };
        /** @description What was erased. */
        ErasedView: {
            /**
             * Format: int64
             * @description Of how many requests there was anything.
             */
            erased: number;
        };
        /** @description An error of a provider. */
        ErrorSeen: {
            /** @description When, in microseconds since 1970 UTC. */
            at: components["schemas"]["i64"];
            /** @description What, as a sentence free of secrets. */
            message: string;
        };
        /**
         * @description Who evaluates conditions of writes.
         * @enum {string}
         */
        Evaluate: "upstream" | "gateway";
        /** @description One field that differs; secrets stand as `sealed:<fingerprint>`. */
        FieldDiff: {
            /** @description Its path, such as `spec.targets[0].weight`. */
            path: string;
            /** @description What it was; absent when it was not there. */
            before?: unknown;
            /** @description What it becomes; absent when it goes. */
            after?: unknown;
        };
        /** @description Who the first user is. */
        FirstUser: {
            /** @description The one-time token of the set-up link. */
            token: string;
            /** @description The address to sign in with. */
            email: string;
            /** @description The name, for people. */
            name: string;
            /**
             * Format: password
             * @description The password; 10 to 512 bytes.
             */
            password: string;
        };
        /**
         * @description What a lock keeps others from.
         * @enum {string}
         */
        Guard: "write" | "read";
        /**
         * @description What becomes of HEAD where tags are made of bodies.
         * @enum {string}
         */
        HeadMode: "omit" | "as_get";
        /**
         * @description A request that each node sends in the background, and what its answers mean. Empty (`{}`): the provider's list of
         *     models is asked for every half minute, which costs nothing.
         *
         *     A target that is unhealthy is passed over as long as there is another; when all are, they are asked as if nothing
         *     had been found.
         */
        HealthCheck: {
            /**
             * @description What is asked for, below the provider's address, such as `/models/gpt-4o`. Absent: the list of models, as far as
             *     the vendor has one.
             */
            path?: string | null;
            /**
             * @description How it is asked for.
             * @default get
             */
            method: components["schemas"]["HealthMethod"];
            /**
             * @description The body of a `post`. A call of a model is billed by its vendor, for every check of every node, and is charged to
             *     no application.
             */
            body?: Record<string, never> | null;
            /**
             * Format: int64
             * @description From one check to the next, in milliseconds (200 to 3,600,000); each time a tenth more or less.
             * @default 30000
             */
            interval_ms: number;
            /**
             * Format: int64
             * @description How long the answer's head may take, connecting included, in milliseconds (1 to 60,000).
             * @default 5000
             */
            timeout_ms: number;
            /**
             * Format: int32
             * @description Unhealthy after so many failed checks in a row (1 to 100).
             * @default 3
             */
            unhealthy_after: number;
            /**
             * Format: int32
             * @description Healthy again after so many good ones in a row (1 to 100).
             * @default 2
             */
            healthy_after: number;
            /**
             * @description The statuses of a good answer. Absent: 200 to 299, and 401, 403 and 429, which say something of the key and not of
             *     the server.
             * @default []
             */
            statuses: number[];
        };
        /** @description The health checks of a target, or of its provider, since the node's start. */
        HealthChecks: {
            last_at?: components["schemas"]["i64"] | null;
            /**
             * Format: int64
             * @description From one to the next, in milliseconds, a tenth more or less.
             */
            interval_ms: number;
            /**
             * Format: int64
             * @description How many were good.
             */
            good: number;
            /**
             * Format: int64
             * @description How many failed.
             */
            failed: number;
        };
        /**
         * @description The method of a health check.
         * @enum {string}
         */
        HealthMethod: "get" | "head" | "post";
        /** @description The four bodies of an exchange, as far as there were any. */
        Held: {
            /**
             * Format: int32
             * @description The number of the attempt that the provider's bodies are of; 0 when no provider was asked.
             */
            attempt: number;
            request?: components["schemas"]["Body"] | null;
            provider_request?: components["schemas"]["Body"] | null;
            provider_answer?: components["schemas"]["Body"] | null;
            answer?: components["schemas"]["Body"] | null;
        };
        /** @description One thing that is held. What its kind does not have is null. */
        HeldEntry: {
            /** @description The store that it is in. */
            store: string;
            /** @description Which kind it is. */
            kind: components["schemas"]["HeldKind"];
            /** @description What it is broken or forgotten by. It gives no right to it. */
            id: string;
            /** @description What is held: the resource's key as the route has it, the limit, or the begin of the idempotency key. */
            label: string;
            /** @description `exclusive` or `shared`, of locks and leases. */
            mode?: string | null;
            /** @description The application that holds it. */
            owner?: string | null;
            /** @description The team whose routes hold it. */
            team: string;
            /** @description The owner's own team, which may be another. */
            owner_team?: string | null;
            /** @description What the owner says of it. */
            note?: string | null;
            /**
             * Format: int64
             * @description Its fencing token, as the upstream sees it.
             */
            fence?: number | null;
            /** @description When it ends unless it is renewed, RFC 3339, by this machine's clock. */
            expires_at?: string | null;
            /** @description Of an idempotency key: `pending`, `done`, `not_stored` or `unknown`. */
            state?: string | null;
            /**
             * Format: int32
             * @description Of an idempotency key: the status of the answer.
             */
            status?: number | null;
            /**
             * Format: int32
             * @description Of a limit: how many permits are taken.
             */
            taken?: number | null;
            /**
             * Format: int32
             * @description Of a limit: how many there are.
             */
            limit?: number | null;
        };
        /**
         * @description What is looked for.
         * @enum {string}
         */
        HeldKind: "locks" | "leases" | "keys" | "limits";
        /** @description A page of what is held. */
        HeldPage: {
            /** @description What is on it. */
            items: components["schemas"]["HeldEntry"][];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
            /** @description The stores that were looked for. */
            stores: components["schemas"]["StoreState"][];
            /** @description What cannot be seen from here, for people. */
            notes: string[];
        };
        /** @description One version of a resource. */
        HistoryView: {
            /**
             * Format: int64
             * @description Its number.
             */
            version: number;
            /** @description When it was made, RFC 3339. */
            at: string;
            /** @description Who made it. */
            by: string;
            /** @description `create`, `update`, `delete` or `rollback`. */
            action: string;
            /** @description The team that owned it. */
            team: string;
            /** @description The content; secrets as references or fingerprints. */
            spec: Record<string, never>;
        };
        /**
         * @description When the next write's turn is.
         * @enum {string}
         */
        HoldUntil: "response_headers" | "response_end";
        /** @description The first answer again for a request that is sent again. */
        Idempotency: {
            /**
             * @description Whether a request without a key is refused.
             * @default false
             */
            required: boolean;
            /**
             * @description The methods that keys count for.
             * @default [
             *       "POST",
             *       "PATCH"
             *     ]
             */
            methods: components["schemas"]["Method"][];
            /**
             * @description The header of the key.
             * @default Idempotency-Key
             */
            header: string;
            /**
             * @description Other headers that a key may stand in.
             * @default []
             */
            aliases: string[];
            /**
             * @description How strictly a key is read.
             * @default lenient
             */
            syntax: components["schemas"]["KeySyntax"];
            /**
             * @description Where a key means the same.
             * @default route
             */
            scope: components["schemas"]["KeyScope"];
            /**
             * @description How long the answer is kept.
             * @default 1d
             */
            ttl: components["schemas"]["Span"];
            /**
             * @description How long a request is taken to be under way that nobody has heard of; it is renewed meanwhile.
             * @default 1m
             */
            lease: components["schemas"]["Span"];
            /**
             * @description What becomes of a repeat while the first is under way.
             * @default reject
             */
            in_progress: components["schemas"]["InProgress"];
            /**
             * @description How long a repeat waits for the first, with `in_progress: wait`.
             * @default 10s
             */
            max_wait: components["schemas"]["Span"];
            /**
             * @description What becomes of a repeat of which nobody knows how it ended.
             * @default unknown
             */
            on_lost: components["schemas"]["OnLost"];
            /**
             * @description The statuses from 500 on whose answers are kept.
             * @default [
             *       500,
             *       501
             *     ]
             */
            store_5xx: number[];
            /**
             * @description The longest answer that is kept.
             * @default 1MiB
             */
            max_body: components["schemas"]["Size"];
            /**
             * @description Headers of the answer that are not kept.
             * @default []
             */
            no_store_headers: string[];
            /**
             * @description Whether the upstream gets the key.
             * @default true
             */
            forward_key: boolean;
            /**
             * @description What becomes of requests while the store is down.
             * @default closed
             */
            on_error: components["schemas"]["OnError"];
            /**
             * @description What becomes of the upstream's answer when the caller leaves.
             * @default drain
             */
            on_client_abort: components["schemas"]["OnClientAbort"];
            /**
             * @description How far from now `Repeatability-First-Sent` may lie (OASIS Repeatable Requests; 5 minutes or more).
             * @default 5m
             */
            first_sent_window: components["schemas"]["Span"];
        };
        /** @description What an image costs. */
        ImagePrice: {
            /** @description Width and height in pixels, such as `1024x1536`. Absent: any. */
            size?: string | null;
            quality?: components["schemas"]["ImageQuality"] | null;
            /** @description Dollars. */
            price: string;
        };
        /**
         * @description The quality of images made, as APIs name it.
         * @enum {string}
         */
        ImageQuality: "unknown" | "low" | "medium" | "high" | "standard" | "hd";
        /** @description Width and height in pixels. */
        ImageSize: {
            /**
             * Format: int32
             * @description Pixels from left to right.
             */
            width: number;
            /**
             * Format: int32
             * @description Pixels from top to bottom.
             */
            height: number;
        };
        /**
         * @description What becomes of a repeat while the first is under way.
         * @enum {string}
         */
        InProgress: "reject" | "wait";
        /**
         * @description Of which requests bodies are kept.
         * @enum {string}
         */
        KeptBodies: "off" | "errors" | "all";
        /**
         * @description Where a key means the same.
         * @enum {string}
         */
        KeyScope: "route" | "api";
        /** @description One key of a provider, with one model. */
        KeyState: {
            /** @description Its name within the pool. */
            id: string;
            /** @description Whether its date has passed. */
            expired: boolean;
            cooldown?: components["schemas"]["CooldownState"] | null;
            /** @description Its circuit breaker, for this model. */
            breaker: components["schemas"]["BreakerState"];
            last_error?: components["schemas"]["ErrorSeen"] | null;
            /**
             * Format: int64
             * @description Requests within the last minute, where it has a limit of them.
             */
            requests?: number | null;
            /**
             * Format: int64
             * @description Tokens within the last minute, where it has a limit of them.
             */
            tokens?: number | null;
        };
        /**
         * @description How strictly a key is read.
         * @enum {string}
         */
        KeySyntax: "lenient" | "strict";
        /**
         * @description The kinds of resources. Order matters: a kind may refer only to kinds before it (and itself).
         * @enum {string}
         */
        Kind: "Team" | "ConflictStore" | "ConflictPolicy" | "Provider" | "Price" | "ModelRoute" | "Upstream" | "Service" | "Route" | "Application" | "ApiKey";
        /** @description The last 24 hours and what had begun of the hour before: sums are kept by the hour. */
        LastDay: {
            /** Format: int64 */
            requests: number;
            /** Format: int64 */
            errors: number;
            /**
             * Format: int64
             * @description Tokens of all buckets.
             */
            tokens: number;
            /**
             * Format: int64
             * @description Nano-dollars.
             */
            cost: number;
            /** @description The same in dollars, as a decimal string. */
            cost_usd: string;
            /**
             * Format: int64
             * @description Requests that consumed tokens of unknown price.
             */
            unpriced: number;
            /**
             * Format: int64
             * @description Percentiles of the duration in microseconds, as `/usage` computes them; absent without requests.
             */
            p50_us?: number | null;
            /** Format: int64 */
            p99_us?: number | null;
        };
        /**
         * @description What becomes of a malformed tag of the upstream's.
         * @enum {string}
         */
        Lenient: "quote" | "drop";
        /**
         * @description What becomes of a limit over all nodes while the store is down.
         * @enum {string}
         */
        LimitOnError: "local" | "closed" | "open";
        /** @description Locks that clients hold. */
        Lock: {
            /**
             * @description Whether resources of this route can be locked.
             * @default true
             */
            enabled: boolean;
            /**
             * @description Whether a write needs a lock also where nobody holds one.
             * @default false
             */
            required: boolean;
            /**
             * @description How long a lock is held that does not say.
             * @default 1m
             */
            default_ttl: components["schemas"]["Span"];
            /**
             * @description The longest that one is given (5 s to 1 h).
             * @default 1h
             */
            max_ttl: components["schemas"]["Span"];
            /**
             * @description What kinds there are.
             * @default [
             *       "exclusive",
             *       "shared"
             *     ]
             */
            modes: components["schemas"]["LockMode"][];
            /**
             * @description What a lock keeps others from.
             * @default [
             *       "write"
             *     ]
             */
            guard: components["schemas"]["Guard"][];
            /**
             * @description Whether LOCK and UNLOCK of WebDAV (RFC 4918) are answered.
             * @default false
             */
            webdav: boolean;
            /**
             * @description The header that tells the upstream the fencing token; empty for none.
             * @default Fencing-Token
             */
            fencing_header: string;
        };
        /**
         * @description A kind of lock.
         * @enum {string}
         */
        LockMode: "exclusive" | "shared";
        /** @description Check and write as one step. */
        LostUpdate: {
            /**
             * @description Who knows the current version.
             * @default upstream
             */
            authority: components["schemas"]["Authority"];
            /**
             * @description How long the resource is held at most; longer than the upstream may take, as it is renewed meanwhile.
             * @default 10s
             */
            lease: components["schemas"]["Span"];
            /**
             * @description How long a write waits for another one.
             * @default 2s
             */
            max_wait: components["schemas"]["Span"];
            /**
             * @description The header that tells the upstream the fencing token; empty for none.
             * @default Fencing-Token
             */
            fencing_header: string;
        };
        /** @description A key that was just made. */
        MadeApiKey: {
            /** @description The whole key: shown this once. */
            key: string;
            api_key: components["schemas"]["ApiKeyResource"];
        };
        /** @description A token that was just made. */
        MadeToken: {
            /** @description The token itself: shown this once. */
            token: string;
            /** @description What lists show of it. */
            admin_token: components["schemas"]["TokenView"];
        };
        /**
         * @description An HTTP method that a route can be bound to.
         * @enum {string}
         */
        Method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS";
        /**
         * @description What a model is for: the operation that it answers.
         * @enum {string}
         */
        Modality: "chat" | "responses" | "completion" | "embedding" | "rerank" | "image" | "image_edit" | "video" | "audio_speech" | "audio_transcription" | "realtime" | "moderation" | "ocr";
        /** @description A model as a provider offers it. */
        ModelDeclaration: {
            /** @description Its id at the provider, such as `gpt-4o`. */
            id: string;
            /**
             * Format: int64
             * @description Tokens that fit into one request, where known.
             */
            context?: number | null;
            /**
             * Format: int64
             * @description The most tokens it writes; the default of `max_tokens` where a dialect demands one.
             */
            max_output_tokens?: number | null;
            /** @description Set when the model is there in the Responses API only: callers of every dialect are translated to that. */
            responses_only?: boolean;
        };
        /**
         * @description The name that callers use for a model, and the targets behind it. The id is that name unless
         *     `model` says another.
         */
        ModelRoute: {
            /** @description The name that callers use, where it differs from the id (capital letters, `:`). */
            model?: string | null;
            /** @description What it is for. */
            description?: string;
            /** @description Where a call may go (256 at most): lowest priority first, within a priority as `strategy` says. */
            targets: components["schemas"]["ModelTarget"][];
            /** @description How one of several targets of the same priority is chosen. */
            strategy?: components["schemas"]["Strategy"];
            sticky?: components["schemas"]["Sticky"] | null;
            /** @description Time limits in place of the providers'. */
            timeouts?: components["schemas"]["RouteTimeouts"];
            /** @description When a target that keeps failing is left alone. */
            breaker?: components["schemas"]["Breaker"];
            /** @description When to go on to the next target. */
            retry?: components["schemas"]["Retry"];
            /**
             * @description Refuses a request with a parameter that the target cannot honour; otherwise the parameter is
             *     left out and named in `x-weir-dropped-params`.
             */
            strict?: boolean;
            cache?: components["schemas"]["AnswerCache"] | null;
            conflict?: components["schemas"]["ConflictSetting"] | null;
        };
        ModelRouteCreate: {
            id?: string;
            team?: string;
            spec: components["schemas"]["ModelRoute"];
        };
        ModelRoutePage: {
            items: components["schemas"]["ModelRouteResource"][];
            next_cursor: string | null;
        };
        ModelRouteReplace: {
            team?: string;
            spec: components["schemas"]["ModelRoute"];
        };
        ModelRouteResource: {
            /** @enum {string} */
            kind: "ModelRoute";
            id: string;
            team: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
            managed_by?: string;
            spec: components["schemas"]["ModelRoute"];
        };
        /** @description One target of a model route. */
        ModelTarget: {
            /** @description The provider's id. */
            provider: string;
            /** @description The model's id at that provider. */
            model: string;
            /**
             * Format: int32
             * @description Lower is tried first.
             */
            priority?: number;
            /**
             * Format: int32
             * @description Share among the targets of the same priority; 0 is used only when the others are down.
             */
            weight?: number;
            /** @description The calls that it takes; absent: all. */
            when?: components["schemas"]["When"];
            canary?: components["schemas"]["Canary"] | null;
            shadow?: components["schemas"]["Shadow"] | null;
            health_check?: components["schemas"]["HealthCheck"] | null;
        };
        /** @description How long a model may take, in milliseconds. */
        ModelTimeouts: {
            /**
             * Format: int64
             * @description TCP and TLS set-up.
             * @default 5000
             */
            connect_ms: number;
            /**
             * Format: int64
             * @description From the request's end to the answer's first byte; for a stream, to its first content (text, reasoning, a tool
             *     call): comments and pings do not count.
             * @default 120000
             */
            first_byte_ms: number;
            /**
             * Format: int64
             * @description Between two pieces of the answer.
             * @default 60000
             */
            idle_ms: number;
            /**
             * Format: int64
             * @description The whole attempt.
             * @default 600000
             */
            total_ms: number;
        };
        /** @description Everything that could be called. */
        Models: {
            /** @description Model routes first, then models addressed directly. */
            items: components["schemas"]["CallableModel"][];
        };
        /** @description By what the cost of all tokens is multiplied, as decimal strings with at most six digits after the point. */
        Multipliers: {
            /**
             * @description In fast mode, where `service_tiers` has no rates for it.
             * @default null
             */
            fast: string | null;
            /**
             * @description Where the request was kept in the United States. Absent: 1.
             * @default null
             */
            us: string | null;
            /**
             * @description Where it was kept in the European Union. Absent: 1.
             * @default null
             */
            eu: string | null;
            /**
             * @description Where it was kept in any region, and there is no multiplier for that one. Absent: 1.
             * @default null
             */
            regional: string | null;
        };
        /** @description What a new key is to be. */
        NewKey: {
            /**
             * @description What it is for, for people.
             * @default
             */
            name: string;
            /**
             * @description When it stops working, RFC 3339. Absent: never.
             * @default null
             */
            expires_at: string | null;
            /**
             * @description Narrows the application's models.
             * @default null
             */
            models: string[] | null;
            /**
             * @description Narrows the application's services.
             * @default null
             */
            services: string[] | null;
            /**
             * @description Narrows the providers whose own API the application may call.
             * @default null
             */
            providers: string[] | null;
        };
        /** @description What a new token is to be. */
        NewToken: {
            /** @description What it is for, for people. */
            name: string;
            /** @description What it may do. */
            scopes: components["schemas"]["Scope"][];
            /** @description When it stops working, RFC 3339. Absent: never. */
            expires_at?: string | null;
        };
        /** @description Who a new person is. */
        NewUser: {
            /** @description The address to sign in with. */
            email: string;
            /** @description The name, for people. */
            name: string;
            /** @description What they may do. */
            role: components["schemas"]["Role"];
            /**
             * Format: password
             * @description The first password, 10 to 512 bytes; they change it with `PUT /me/password`.
             */
            password: string;
        };
        /**
         * @description Why nothing of what a request held is there.
         * @enum {string}
         */
        NoBodies: "off" | "expired" | "erased" | "not_kept";
        /**
         * @description Whether other nodes count.
         * @enum {string}
         */
        NodeScope: "node" | "cluster";
        /**
         * @description The word `off`.
         * @enum {string}
         */
        Off: "off";
        /**
         * @description What becomes of a provider's answer when the caller leaves before its end.
         * @enum {string}
         */
        OnAbort: "cut" | "drain";
        /**
         * @description What becomes of the upstream's answer when the caller leaves.
         * @enum {string}
         */
        OnClientAbort: "drain" | "cancel";
        /**
         * @description What becomes of a request when its policy cannot be kept, because a store is down.
         * @enum {string}
         */
        OnError: "closed" | "open";
        /**
         * @description What becomes of a repeat of which nobody knows how it ended.
         * @enum {string}
         */
        OnLost: "unknown" | "retry";
        /** @description What Home shows. */
        Overview: {
            checklist: components["schemas"]["Checklist"];
            counts: components["schemas"]["Counts"];
            last_24h: components["schemas"]["LastDay"];
        };
        /** @description A page of a list. */
        Page_AuditEntry: {
            /** @description What is on it. */
            items: {
                /**
                 * Format: int64
                 * @description Counts up by one.
                 */
                seq: number;
                /** @description When, RFC 3339. */
                at: string;
                /** @description Who: `user:…`, `token:…`, `cli`, `file:…` or `system`. */
                actor: string;
                /** @description Whose name that is: `user:ID` or `token:ID`, as a name can be given twice; empty for the others. */
                actor_id: string;
                /** @description The address that the request came from, or empty. */
                address: string;
                /** @description The request's id, or empty. */
                request_id: string;
                /**
                 * @description `create`, `update`, `delete`, `rollback`, `test`, `sign-in`, `sign-in-refused`, `sign-out`, `break-lock`,
                 *     `forget-key`, and of a person `role`, `disable`, `enable`, `password`.
                 */
                action: string;
                /** @description The kind of what was changed. */
                kind: string;
                /** @description Its id. */
                id: string;
                /** @description What it was, without secrets; null when it was not there. */
                before: Record<string, never>;
                /** @description What it became, without secrets; null when it went. */
                after: Record<string, never>;
                /** @description Covers this entry and, through the one before, all older ones. */
                hash: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        Page_CatalogModelView: {
            /** @description What is on it. */
            items: (components["schemas"]["CatalogModel"] & {
                /** @description The catalogue's id of the provider. */
                provider: string;
                /** @description The model's id at that provider. */
                id: string;
            })[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        Page_RequestView: {
            /** @description What is on it. */
            items: {
                id: string;
                /** @description The node that served it. */
                node: string;
                /** @description When its head had arrived, RFC 3339. */
                at: string;
                /**
                 * Format: int64
                 * @description Until the last byte out, in microseconds.
                 */
                duration_us: number;
                /**
                 * Format: int64
                 * @description Of which it waited for providers or upstreams.
                 */
                upstream_us: number;
                /**
                 * Format: int64
                 * @description Until the first byte of the answer out.
                 */
                first_byte_us?: number | null;
                /** @description `ai` or `rest`. */
                traffic: string;
                team: string;
                application: string;
                /** @description Public id of the API key. */
                key: string;
                method: string;
                path: string;
                service: string;
                route: string;
                dialect?: string | null;
                /** @description The model name that the caller asked for; empty when it asked for none, or for one that is not known to exist. */
                model: string;
                /** @description The name that the caller asked for where nothing is known of such a model; else empty. */
                asked_model: string;
                provider: string;
                /** @description The model at that provider. */
                upstream_model: string;
                stream: boolean;
                /**
                 * Format: int64
                 * @description HTTP status sent; 0 when none was.
                 */
                status: number;
                /** @description `ok`, `refused`, `upstream_error`, `connect_failed`, `timeout`, `cut`, `aborted`, `internal`. */
                outcome: string;
                /** @description Short reason when it did not end well. */
                error: string;
                usage: components["schemas"]["UsageView"];
                /**
                 * Format: int64
                 * @description Nano-dollars; null when the price is unknown.
                 */
                cost?: number | null;
                /** @description The same in dollars, as a decimal string. */
                cost_usd?: string | null;
                /** @description `hit`, `miss`, `bypass` or `refresh` on a model route that keeps answers. */
                cache?: string | null;
                /**
                 * Format: int64
                 * @description Nano-dollars that the answer had cost when it was made; null when that is unknown, or it was not a kept one.
                 */
                saved?: number | null;
                /** @description The same in dollars, as a decimal string. */
                saved_usd?: string | null;
                /** Format: int64 */
                request_bytes: number;
                /** Format: int64 */
                response_bytes: number;
                /** @description Parameters that could not be carried over. */
                dropped: string[];
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        Page_TokenView: {
            /** @description What is on it. */
            items: {
                id: string;
                name: string;
                scopes: string[];
                /** @description Who made it. */
                created_by: string;
                created_at: string;
                expires_at?: string | null;
                /** @description When it was last used, to the minute. */
                last_used_at?: string | null;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A page of a list. */
        Page_UserAccount: {
            /** @description What is on it. */
            items: {
                id: string;
                email: string;
                name: string;
                role: components["schemas"]["Role"];
                /** @description Whether they are kept from signing in. */
                disabled: boolean;
                created_at: string;
            }[];
            /** @description Give it back as `cursor` for the next page; null on the last. */
            next_cursor?: string | null;
        };
        /** @description A new password in place of one's own. */
        PasswordChange: {
            /**
             * Format: password
             * @description The password until now.
             */
            current_password: string;
            /**
             * Format: password
             * @description The password from now on; 10 to 512 bytes.
             */
            new_password: string;
        };
        /** @description Dollars for a million tokens, as decimal strings; at most fifteen digits after the point. */
        PerMillion: {
            /**
             * @description Text input.
             * @default null
             */
            input: string | null;
            /**
             * @description Text output.
             * @default null
             */
            output: string | null;
            /**
             * @description Input read from the prompt cache.
             * @default null
             */
            cache_read: string | null;
            /**
             * @description Input written to a five-minute cache.
             * @default null
             */
            cache_write_5m: string | null;
            /**
             * @description Input written to a one-hour cache.
             * @default null
             */
            cache_write_1h: string | null;
            /**
             * @description Reasoning output.
             * @default null
             */
            reasoning: string | null;
            /**
             * @description Audio input.
             * @default null
             */
            audio_in: string | null;
            /**
             * @description Audio output.
             * @default null
             */
            audio_out: string | null;
            /**
             * @description Image input.
             * @default null
             */
            image_in: string | null;
            /**
             * @description Image output.
             * @default null
             */
            image_out: string | null;
            /**
             * @description Audio input read from the prompt cache.
             * @default null
             */
            cache_read_audio: string | null;
            /**
             * @description Image input read from the prompt cache.
             * @default null
             */
            cache_read_image: string | null;
            /**
             * @description Video input.
             * @default null
             */
            video_in: string | null;
        };
        /** @description Dollars for one of each, as decimal strings; at most fifteen digits after the point. */
        PerUnit: {
            /**
             * @description A request, beside what it consumes.
             * @default null
             */
            request: string | null;
            /**
             * @description An image made, by size and quality. Of the rows that fit, the one that says most holds.
             * @default []
             */
            images: components["schemas"]["ImagePrice"][];
            /**
             * @description A pixel of images made, where no row of `images` fits.
             * @default null
             */
            pixel: string | null;
            /**
             * @description An image read.
             * @default null
             */
            image_in: string | null;
            /**
             * @description A second of audio read.
             * @default null
             */
            audio_in_second: string | null;
            /**
             * @description A second of audio made.
             * @default null
             */
            audio_out_second: string | null;
            /**
             * @description A second of video read.
             * @default null
             */
            video_in_second: string | null;
            /**
             * @description A second of video made, by resolution.
             * @default []
             */
            video_out_second: components["schemas"]["VideoPrice"][];
            /**
             * @description A character read.
             * @default null
             */
            character: string | null;
            /**
             * @description A query of a search or a rerank.
             * @default null
             */
            query: string | null;
            /**
             * @description A page read.
             * @default null
             */
            page: string | null;
            /**
             * @description A page annotated.
             * @default null
             */
            annotated_page: string | null;
            /**
             * @description A web search of a small context size.
             * @default null
             */
            web_search_low: string | null;
            /**
             * @description A web search of a medium context size, or of one that is not said.
             * @default null
             */
            web_search: string | null;
            /**
             * @description A web search of a large context size.
             * @default null
             */
            web_search_high: string | null;
            /**
             * @description A search of files.
             * @default null
             */
            file_search: string | null;
            /**
             * @description A session of code execution.
             * @default null
             */
            code_session: string | null;
            /**
             * @description A lookup in maps.
             * @default null
             */
            map_query: string | null;
        };
        /**
         * @description A share of a whole: a whole number from 0 to 100 with `%`.
         * @example 20%
         */
        Percent: string;
        /**
         * @description How percentiles were computed.
         * @enum {string}
         */
        Percentiles: "exact" | "histogram";
        /** @description What an apply would do, and the revision it was computed on. */
        Plan: {
            /**
             * Format: int64
             * @description The store's revision; give it back to apply.
             */
            base: number;
            /** @description What would change, in dependency order. Resources that stay as they are, are left out. */
            changes: components["schemas"]["Change"][];
        };
        /** @description Conditions of writes. */
        Preconditions: {
            require?: components["schemas"]["Require"] | null;
            evaluate?: components["schemas"]["Evaluate"] | null;
            /**
             * Format: int32
             * @description The status of a condition that does not hold: 412, or 409.
             */
            mismatch_status?: number | null;
            /**
             * Format: int32
             * @description The status of a condition that cannot be read: 400, or 412.
             */
            malformed_status?: number | null;
            /**
             * @description What becomes of a write whose outcome is there already.
             * @default reject
             */
            already_applied: components["schemas"]["AlreadyApplied"];
            /**
             * @description Whose credentials the gateway reads the current version with.
             * @default client
             */
            verify_with: components["schemas"]["VerifyWith"];
            /**
             * @description What becomes of a write when the condition cannot be evaluated.
             * @default closed
             */
            on_error: components["schemas"]["OnError"];
            /** @description Whether a refusal says the current tag; only to callers who may read. */
            disclose_current?: boolean | null;
        };
        /**
         * @description What a model costs from a date on. Of the rows for a model the one with the latest date that has begun is in
         *     force; where none is, the same among the rows for `*`; where none is either, the built-in catalogue. No two rows
         *     have the same provider, model and date.
         */
        Price: {
            /** @description The provider's id. */
            provider: string;
            /** @description The model's id at that provider, or `*` for every model of it. */
            model: string;
            /** @description The first day on which it holds, UTC, such as `2026-01-31`. Absent: always. */
            effective_from?: string | null;
            /**
             * @description Dollars for a million tokens, by bucket, as decimal strings. A bucket that is absent is priced as its base: cache
             *     and media input as `input` (the one-hour cache as the five-minute one, cached media as `cache_read`), reasoning and
             *     media output as `output`. What has no base either has no price: its cost is unknown, not 0.
             */
            per_million?: components["schemas"]["PerMillion"];
            /** @description Rates of requests with much input. */
            context_tiers?: components["schemas"]["ContextTier"][];
            /**
             * @description What differs in a service tier other than `standard`: `priority`, `flex`, `batch`, `fast`, `ultrafast`. The cost in
             *     a tier that is absent is unknown.
             */
            service_tiers?: {
                [key: string]: components["schemas"]["TierPrice"];
            };
            /** @description Dollars for one of what is not tokens. */
            per_unit?: components["schemas"]["PerUnit"];
            /** @description By what the cost of all tokens is multiplied, by region and speed. */
            multipliers?: components["schemas"]["Multipliers"];
            /** @description Where the price is published. */
            source?: string;
        };
        PriceCreate: {
            id?: string;
            team?: string;
            spec: components["schemas"]["Price"];
        };
        PricePage: {
            items: components["schemas"]["PriceResource"][];
            next_cursor: string | null;
        };
        PriceReplace: {
            team?: string;
            spec: components["schemas"]["Price"];
        };
        PriceResource: {
            /** @enum {string} */
            kind: "Price";
            id: string;
            team: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
            managed_by?: string;
            spec: components["schemas"]["Price"];
        };
        /** @description What to test. */
        Probe: {
            /**
             * @description A model to call with one short question, of at most 16 tokens to answer, which its vendor bills. Absent: the list of models is asked for, which costs nothing.
             * @default null
             */
            model: string | null;
        };
        /** @description What came of it. */
        ProbeResult: {
            /** @description Whether the provider answered as it should. */
            ok: boolean;
            /**
             * Format: int64
             * @description How long it took.
             */
            latency_ms: number;
            /** @description The models that it offers, where it says; else those that are known. */
            models: string[];
            /** @description A sentence for the person who pressed the button. */
            message: string;
        };
        /** @description What a refusal looks like (RFC 9457). Each type adds members of its own; docs/API.md lists them. */
        Problem: {
            /** @description `/problems/` and the kind of refusal. */
            type: string;
            /** @description The kind of refusal in words. */
            title: string;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description What happened here, and how to mend it. */
            detail: string;
            /** @description The request, as a URN. */
            instance: string;
            /** @description The request's id, as in the log and in the audit trail. */
            request_id: string;
        };
        /**
         * @description What a provider speaks.
         * @enum {string}
         */
        Protocol: "openai" | "anthropic" | "gemini" | "cohere" | "ollama" | "bedrock" | "azure" | "vertex" | "demo";
        /** @description A vendor of models: its address, what it speaks, and a pool of keys. */
        Provider: {
            /** @description Its name, for people. */
            name?: string;
            protocol?: components["schemas"]["Protocol"] | null;
            /**
             * @description The address that paths such as `/chat/completions` are added to, for example
             *     `https://api.openai.com/v1`; for `azure` that of the resource, such as `https://name.openai.azure.com`. Absent:
             *     the catalogue entry's; for `vertex` and `bedrock` that of the location or region. Not needed for `demo`.
             */
            base_url?: string;
            /** @description The AWS region of `bedrock`, such as `eu-central-1`. Absent: the one in the address. */
            region?: string | null;
            /**
             * @description The vendor: the catalogue entry whose models, limits, list prices and quirks hold for it, and whose protocol and
             *     address it has unless others are given. Absent: the one whose protocol and address these are; at any other
             *     address prices are unknown until they are given.
             */
            catalog?: string | null;
            /** @description `azure`: the API version, such as `2024-10-21`. Absent: the v1 API, which needs none. */
            api_version?: string | null;
            /** @description `azure`: deployments by model, for those that are not called like their model. */
            deployments?: {
                [key: string]: string;
            };
            /** @description `vertex`: the project's id. */
            project?: string | null;
            /** @description `vertex`: the region, such as `europe-west1`, or `global` (the default). */
            location?: string | null;
            /**
             * @description Where tokens are fetched for keys that are credentials of Entra or of a service account. Absent: the vendor's
             *     own address.
             */
            token_url?: string | null;
            quirks?: components["schemas"]["Quirks"] | null;
            /** @description The pool of keys, tried by priority, then by weight. May be empty for a server that asks for none. */
            keys?: components["schemas"]["ProviderKey"][];
            /** @description Models known at this provider. Others can be called too; these are listed and have their limits known. */
            models?: components["schemas"]["ModelDeclaration"][];
            /**
             * @description Headers added to each request, such as a project id. A value is plain text, or a secret by `env:` or `file:`;
             *     where the header's name speaks of a credential (auth, token, key, secret, password, cookie, …), text is kept
             *     as a secret too: encrypted at rest and never returned.
             */
            headers?: {
                [key: string]: components["schemas"]["SecretRef"];
            };
            /** @description How long to wait for it. */
            timeouts?: components["schemas"]["ModelTimeouts"];
            /** @description Lets `base_url` lead to a loopback, private or link-local address, such as a local Ollama. */
            allow_private_address?: boolean;
            /**
             * @description Lets keys and prompts go to a public address over `http://`, where everybody on the way can read them. Without,
             *     `http://` is for addresses that `allow_private_address` permits.
             */
            allow_plaintext?: boolean;
            /** @description Set when the server refuses `stream_options`; usage of streams is then estimated. */
            no_stream_options?: boolean;
            on_abort?: components["schemas"]["OnAbort"] | null;
            /**
             * @description Whether a provider of OpenAI's protocol, or of Azure's, has the Responses API too (`POST {base_url}/responses`): who
             *     speaks it is then passed on as it is, and so are its stored responses and built-in tools. Absent: as is known of the
             *     vendor and of Azure's `api_version`; no for servers that are not known.
             */
            responses?: boolean | null;
            health_check?: components["schemas"]["HealthCheck"] | null;
            /** @description A disabled provider is never chosen. */
            disabled?: boolean;
        };
        ProviderCreate: {
            id?: string;
            team?: string;
            spec: components["schemas"]["Provider"];
        };
        /** @description One key of a provider. */
        ProviderKey: {
            /** @description Its name within the pool, shown in logs and metrics in place of the key. */
            id: string;
            /**
             * @description The key itself, by reference or in the clear; never returned. For `azure` also the JSON of an Entra application
             *     (`{"tenant_id", "client_id", "client_secret"}`), for `vertex` that of a service account: tokens are fetched
             *     with them.
             */
            secret: components["schemas"]["SecretRef"];
            /**
             * Format: int32
             * @description Share among the keys of the same priority.
             */
            weight?: number;
            /**
             * Format: int32
             * @description Lower is tried first.
             */
            priority?: number;
            /**
             * Format: int32
             * @description The most requests that it takes within a minute, over all models; a call that would be more uses another key.
             */
            rpm?: number | null;
            /**
             * Format: int64
             * @description The most tokens within a minute: a call counts its estimated input at first, and what it consumed at its end.
             */
            tpm?: number | null;
            /** @description From when on it is not used any more: a date such as `2026-01-31` (its midnight, UTC) or a moment in RFC 3339. */
            expires?: string | null;
        };
        ProviderPage: {
            items: components["schemas"]["ProviderResource"][];
            next_cursor: string | null;
        };
        ProviderReplace: {
            team?: string;
            spec: components["schemas"]["Provider"];
        };
        ProviderResource: {
            /** @enum {string} */
            kind: "Provider";
            id: string;
            team: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
            managed_by?: string;
            spec: components["schemas"]["Provider"];
        };
        /** @description Who may wait for room. */
        Queue: {
            /**
             * Format: int32
             * @description How many.
             * @default 10
             */
            max: number;
            /**
             * @description How long.
             * @default 500ms
             */
            max_wait: components["schemas"]["Span"];
            /**
             * @description Who is next.
             * @default fifo
             */
            order: components["schemas"]["QueueOrder"];
        };
        /**
         * @description Who is next.
         * @enum {string}
         */
        QueueOrder: "fifo" | "lifo";
        /** @description Differences of an API from the one whose format it speaks. Empty: none. */
        Quirks: {
            /**
             * @description The header that carries the key. Absent: the format's own (`authorization`, or Anthropic's `x-api-key`).
             * @default null
             */
            auth_header: string | null;
            /**
             * @description What stands before the key in that header, its blank included. Absent: `Bearer ` in `authorization`, nothing in
             *     others.
             * @default null
             */
            auth_prefix: string | null;
            /**
             * @description Paths below the address that are others than the format's, by the format's, such as
             *     `/chat/completions: /v2/chat`.
             * @default {}
             */
            paths: {
                [key: string]: string;
            };
            /**
             * @description It refuses `stream_options`; usage of streams is then estimated unless it is sent unasked.
             * @default false
             */
            no_stream_options: boolean;
            /**
             * @description It does not know the role `developer`; such messages are sent with the role `system`.
             * @default false
             */
            no_developer_role: boolean;
            /**
             * @description Parameters that it refuses: left out and named in `x-weir-dropped-params`.
             * @default []
             */
            unsupported: string[];
            /**
             * @description Parameters that it knows by another name, such as `max_completion_tokens: max_tokens`.
             * @default {}
             */
            renamed: {
                [key: string]: string;
            };
            /** @description Parameters that it demands beside those of the format; the caller's own value goes before. */
            added?: Record<string, never>;
            /**
             * @description The model is not repeated in the body: the path names it.
             * @default false
             */
            model_in_path: boolean;
            /**
             * @description Which of the format's other endpoints are known to be there, or not to be there.
             * @default {}
             */
            endpoints: components["schemas"]["Endpoints"];
        };
        /** @description Why somebody takes from its holder what is held. */
        Reason: {
            /**
             * @description For the audit trail: 1 to 500 characters, in the query or in the body.
             * @default null
             */
            reason: string | null;
        };
        /** @description What is taken out of bodies. Each place of it becomes `[redacted:…]` with what it was. */
        Redact: {
            /**
             * @description What Weir recognises by itself in any text. All of it, unless a list is given; `[]` for none.
             * @default [
             *       "email",
             *       "card",
             *       "iban",
             *       "phone"
             *     ]
             */
            builtin: components["schemas"]["Builtin"][];
            /**
             * @description Names of JSON members whose values are taken out wherever they stand, in any case; also in JSON within a text, such
             *     as the arguments of a tool.
             * @default []
             */
            members: string[];
            /**
             * @description JSON pointers (RFC 6901) to values that are taken out, from the root of a body or of one event of a stream;
             *     `*` stands for any member or position: `/messages/*\/name`.
             * @default []
             */
            pointers: string[];
            /**
             * @description Regular expressions (of Rust's crate `regex`) for what is taken out of any text.
             * @default []
             */
            patterns: string[];
        };
        /** @description What a request and its answer held. */
        RequestBodies: components["schemas"]["Held"] & {
            /** @description The request's id. */
            id: string;
            /** @description When it is deleted, RFC 3339. */
            expires_at: string;
            /**
             * Format: int64
             * @description How much of it is kept, in bytes.
             */
            size: number;
        };
        /** @description One request with its attempts. */
        RequestDetail: components["schemas"]["RequestView"] & {
            /** @description Every attempt, in order. */
            attempts: components["schemas"]["AttemptView"][];
            /** @description Whether what it held is kept. */
            bodies: components["schemas"]["BodiesState"];
        };
        /**
         * @description Keeps what applications of the team send and get, as it came and as it was translated, to be read in the request log
         *     by people who may. What is redacted is taken out before anything is written.
         *
         *     Model calls only. Keys of providers and of Weir are always taken out, media in base64 always become a digest and a
         *     size.
         */
        RequestLog: {
            /**
             * @description Of which requests bodies are kept.
             * @default off
             */
            bodies: components["schemas"]["KeptBodies"];
            /**
             * Format: int32
             * @description Of how many of these, in percent (1 to 100).
             * @default 100
             */
            sample_percent: number;
            /**
             * @description How much of each of the four bodies is kept, in bytes (1,024 to 262,144). What is longer ends there, and says so.
             * @default 65536
             */
            max_bytes: number;
            /**
             * Format: int32
             * @description After how many days they are deleted (1 to 90); never later than the request itself.
             * @default 7
             */
            retention_days: number;
            /**
             * Format: int64
             * @description How much the team's bodies may take together, in bytes (1,048,576 to 107,374,182,400). Beyond it the oldest go.
             * @default 268435456
             */
            max_total_bytes: number;
            /**
             * @description What is taken out before anything is written.
             * @default {
             *       "builtin": [
             *         "email",
             *         "card",
             *         "iban",
             *         "phone"
             *       ],
             *       "members": [],
             *       "pointers": [],
             *       "patterns": []
             *     }
             */
            redact: components["schemas"]["Redact"];
        };
        /** @description One request. */
        RequestView: {
            id: string;
            /** @description The node that served it. */
            node: string;
            /** @description When its head had arrived, RFC 3339. */
            at: string;
            /**
             * Format: int64
             * @description Until the last byte out, in microseconds.
             */
            duration_us: number;
            /**
             * Format: int64
             * @description Of which it waited for providers or upstreams.
             */
            upstream_us: number;
            /**
             * Format: int64
             * @description Until the first byte of the answer out.
             */
            first_byte_us?: number | null;
            /** @description `ai` or `rest`. */
            traffic: string;
            team: string;
            application: string;
            /** @description Public id of the API key. */
            key: string;
            method: string;
            path: string;
            service: string;
            route: string;
            dialect?: string | null;
            /** @description The model name that the caller asked for; empty when it asked for none, or for one that is not known to exist. */
            model: string;
            /** @description The name that the caller asked for where nothing is known of such a model; else empty. */
            asked_model: string;
            provider: string;
            /** @description The model at that provider. */
            upstream_model: string;
            stream: boolean;
            /**
             * Format: int64
             * @description HTTP status sent; 0 when none was.
             */
            status: number;
            /** @description `ok`, `refused`, `upstream_error`, `connect_failed`, `timeout`, `cut`, `aborted`, `internal`. */
            outcome: string;
            /** @description Short reason when it did not end well. */
            error: string;
            usage: components["schemas"]["UsageView"];
            /**
             * Format: int64
             * @description Nano-dollars; null when the price is unknown.
             */
            cost?: number | null;
            /** @description The same in dollars, as a decimal string. */
            cost_usd?: string | null;
            /** @description `hit`, `miss`, `bypass` or `refresh` on a model route that keeps answers. */
            cache?: string | null;
            /**
             * Format: int64
             * @description Nano-dollars that the answer had cost when it was made; null when that is unknown, or it was not a kept one.
             */
            saved?: number | null;
            /** @description The same in dollars, as a decimal string. */
            saved_usd?: string | null;
            /** Format: int64 */
            request_bytes: number;
            /** Format: int64 */
            response_bytes: number;
            /** @description Parameters that could not be carried over. */
            dropped: string[];
        };
        /** @description Which writes must carry a condition. */
        Require: {
            /**
             * @description The methods.
             * @default [
             *       "PUT",
             *       "PATCH",
             *       "DELETE"
             *     ]
             */
            methods: components["schemas"]["Method"][];
            /**
             * @description The headers of which there must be one.
             * @default [
             *       "if-match"
             *     ]
             */
            any_of: components["schemas"]["ConditionHeader"][];
        };
        /** @description When and how often to try again. */
        Retry: {
            /**
             * Format: int32
             * @description The most attempts of one request, the first included (1 to 10).
             * @default 3
             */
            max_attempts: number;
            /**
             * @description What is tried again.
             * @default [
             *       "rate_limit",
             *       "server_error",
             *       "connect",
             *       "timeout",
             *       "unauthorized"
             *     ]
             */
            on: components["schemas"]["RetryOn"][];
            /**
             * Format: int64
             * @description How long a failing key or target is left alone when it does not say itself (`Retry-After`).
             * @default 10000
             */
            cooldown_ms: number;
            /**
             * @description How much may be repeated.
             * @default {
             *       "percent": 20,
             *       "floor": 100,
             *       "window_ms": 10000
             *     }
             */
            budget: components["schemas"]["RetryBudget"];
        };
        /**
         * @description How much repeating a route may do, so that retries never multiply the load of a provider in trouble. Going on to
         *     another target that is healthy is not counted: a call that can succeed does.
         */
        RetryBudget: {
            /**
             * Format: int32
             * @description Repetitions within the window, in per cent of the calls in it.
             * @default 20
             */
            percent: number;
            /**
             * Format: int32
             * @description So many are always allowed within the window.
             * @default 100
             */
            floor: number;
            /**
             * Format: int64
             * @description The window, in milliseconds.
             * @default 10000
             */
            window_ms: number;
        };
        /**
         * @description What makes Weir try again, always before the first byte of the answer has left.
         * @enum {string}
         */
        RetryOn: "rate_limit" | "server_error" | "connect" | "timeout" | "unauthorized";
        /**
         * @description What a person is.
         * @enum {string}
         */
        Role: "owner" | "viewer";
        /** @description The role that a person gets. */
        RoleChange: {
            role: components["schemas"]["Role"];
        };
        /** @description Which version to go back to. */
        RollbackBody: {
            /**
             * Format: int64
             * @description Its number, as history shows it.
             */
            version: number;
        };
        /** @description One path of a service, and the methods that it answers there. */
        Route: {
            /** @description The service it belongs to. */
            service: string;
            /** @description Path template below the service's `base_path`: `/orders/{id}`, or `/files/{*rest}` for all below. */
            path: string;
            /** @description Methods it answers; empty for all. */
            methods?: components["schemas"]["Method"][];
            /** @description Prefix taken off the path before it is forwarded. */
            strip_prefix?: string | null;
            /** @description The path to forward to in place of the caller's, with the template's parameters: `/v2/orders/{id}`. */
            rewrite?: string | null;
            /** @description The upstream, where it is not the service's. */
            upstream?: string | null;
            auth?: components["schemas"]["Auth"] | null;
            /**
             * Format: int64
             * @description The largest request body, in bytes; absent for no limit.
             */
            max_body_bytes?: number | null;
            conflict?: components["schemas"]["ConflictSetting"] | null;
        };
        RouteCreate: {
            id?: string;
            team?: string;
            spec: components["schemas"]["Route"];
        };
        RoutePage: {
            items: components["schemas"]["RouteResource"][];
            next_cursor: string | null;
        };
        RouteReplace: {
            team?: string;
            spec: components["schemas"]["Route"];
        };
        RouteResource: {
            /** @enum {string} */
            kind: "Route";
            id: string;
            team: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
            managed_by?: string;
            spec: components["schemas"]["Route"];
        };
        /** @description One model route. */
        RouteState: {
            /** @description The name that callers use. */
            model: string;
            /** @description The resource's id. */
            route: string;
            /** @description How it chooses. */
            strategy: components["schemas"]["Strategy"];
            /** @description Its targets, by priority. */
            targets: components["schemas"]["TargetState"][];
            /** @description Its shadow targets, which answer nobody. */
            shadows?: components["schemas"]["ShadowState"][];
        };
        /** @description Time limits of a route in place of those of the target's provider, in milliseconds. */
        RouteTimeouts: {
            /**
             * Format: int64
             * @description TCP and TLS set-up; not more than the provider's.
             */
            connect_ms?: number | null;
            /**
             * Format: int64
             * @description To the first content.
             */
            first_byte_ms?: number | null;
            /**
             * Format: int64
             * @description Between two pieces of the answer.
             */
            idle_ms?: number | null;
            /**
             * Format: int64
             * @description The whole request, with all its attempts.
             */
            total_ms?: number | null;
        };
        /** @description The live picture of the data plane in this process. */
        Routing: {
            /** @description Whether there is one: `weir admin` alone has none, and each other node shows its own at its operators' listener. */
            live: boolean;
            /** @description Every model route, by name. */
            routes: components["schemas"]["RouteState"][];
        };
        /**
         * @description What is measured.
         * @enum {string}
         */
        Sample: "ttfb";
        /**
         * @description What an admin token is for.
         * @enum {string}
         */
        Scope: "admin" | "config" | "read" | "ledger";
        /**
         * @description How a configuration names a secret:
         *
         *     - `env:NAME`: the environment variable NAME of the process, read when the configuration is compiled;
         *     - `file:PATH`: the trimmed content of that file;
         *     - `sealed:…`: put in earlier and encrypted at rest by this installation; what the API shows in its
         *       place is a fingerprint, and sending the fingerprint back keeps the secret as it is;
         *     - anything else: the secret itself, sealed when it is stored and never shown again.
         * @example env:OPENAI_API_KEY
         */
        SecretRef: string;
        /** @description One write at a time. */
        Serialise: {
            /**
             * @description What becomes of a second write.
             * @default queue
             */
            mode: components["schemas"]["SerializeMode"];
            /**
             * Format: int32
             * @description How many wait on one node for one resource.
             * @default 16
             */
            max_queue: number;
            /**
             * @description How long one waits.
             * @default 2s
             */
            max_wait: components["schemas"]["Span"];
            /**
             * @description Whether writes of other nodes count.
             * @default node
             */
            scope: components["schemas"]["NodeScope"];
            hold_until?: components["schemas"]["HoldUntil"] | null;
            /**
             * @description The methods that are serialised.
             * @default [
             *       "PUT",
             *       "PATCH",
             *       "DELETE"
             *     ]
             */
            methods: components["schemas"]["Method"][];
            /**
             * @description How long a lease of a node lasts, which is renewed meanwhile.
             * @default 10s
             */
            lease: components["schemas"]["Span"];
        };
        /**
         * @description What becomes of a second write.
         * @enum {string}
         */
        SerializeMode: "queue" | "reject";
        /** @description A REST API: routes under one roof, with a common host and upstream. */
        Service: {
            /**
             * @description Its name, for people.
             * @default
             */
            name: string;
            /**
             * @description What it does.
             * @default
             */
            description: string;
            /**
             * @description Hosts it answers for, such as `api.example.com` or `*.example.com`; empty for every host.
             * @default []
             */
            hosts: string[];
            /**
             * @description Prefix of all its routes, such as `/shop`.
             * @default
             */
            base_path: string;
            /** @description The upstream of routes that name none. */
            upstream?: string | null;
            /**
             * @description Who may call routes that do not say.
             * @default api_key
             */
            auth: components["schemas"]["Auth"];
            conflict?: components["schemas"]["ConflictSetting"] | null;
        };
        ServiceCreate: {
            id?: string;
            team?: string;
            spec: components["schemas"]["Service"];
        };
        ServicePage: {
            items: components["schemas"]["ServiceResource"][];
            next_cursor: string | null;
        };
        ServiceReplace: {
            team?: string;
            spec: components["schemas"]["Service"];
        };
        ServiceResource: {
            /** @enum {string} */
            kind: "Service";
            id: string;
            team: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
            managed_by?: string;
            spec: components["schemas"]["Service"];
        };
        /** @description A session, as its owner sees it. */
        SessionView: {
            /** @description Who is signed in. */
            user: components["schemas"]["UserView"];
            /** @description To be sent as `x-csrf-token` with each change. */
            csrf_token: string;
        };
        /** @description Whether set-up is still to be done. */
        SetupState: {
            /** @description True while no user exists. */
            needed: boolean;
        };
        /**
         * @description A target that gets a copy of some calls, and whose answers nobody gets: for comparison with those that callers do get.
         *     What it costs is the operator's, and is charged to no application.
         */
        Shadow: {
            /**
             * Format: int32
             * @description The share of the calls that it gets a copy of (0 to 100).
             */
            percent: number;
        };
        /** @description One shadow target of a route. */
        ShadowState: {
            /** @description The model at its provider, as it stands for callers' own calls too; these are counted with the copies there. */
            target: components["schemas"]["TargetState"];
            /**
             * Format: int32
             * @description The share of the calls that it gets a copy of (0 to 100).
             */
            percent: number;
            rests_until?: components["schemas"]["i64"] | null;
            /** @description What became of the copies since the node's start. */
            copies: components["schemas"]["Copies"];
            /**
             * Format: int64
             * @description What they cost, in billionths of a US dollar, but for those that are `unpriced`; charged to nobody.
             */
            cost: number;
            /**
             * Format: int64
             * @description Copies whose cost is unknown, which is not free.
             */
            unpriced: number;
        };
        /**
         * @description A number of bytes: a whole number with its unit, `B`, `KiB`, `MiB` or `GiB`.
         * @example 1MiB
         */
        Size: string;
        /**
         * @description A span of time: a whole number with its unit, `ms`, `s`, `m`, `h` or `d`.
         * @example 10s
         */
        Span: string;
        /** @description What calls that belong together have in common. */
        Sticky: {
            /** @description Where it is found. */
            by: components["schemas"]["StickyBy"];
            /** @description The header's name, for `by: header`. */
            header?: string | null;
        };
        /**
         * @description Where the mark of calls that belong together is found. A call without one is given to a target by weight.
         * @enum {string}
         */
        StickyBy: "header" | "user" | "conversation";
        /** @description When a store is left alone. */
        StoreBreaker: {
            /**
             * Format: int32
             * @description After so many failures in a row.
             * @default 5
             */
            errors: number;
            /**
             * @description For so long.
             * @default 2s
             */
            open_for: components["schemas"]["Span"];
        };
        /** @description A store, as far as it could be looked into. */
        StoreState: {
            /** @description Its id. */
            id: string;
            /** @description Whether all nodes share it. What is in the memory of another process is not seen here. */
            shared: boolean;
            /** @description Why it could not be looked into. */
            problem?: string | null;
        };
        /**
         * @description What a store is.
         * @enum {string}
         */
        StoreType: "memory" | "redis" | "postgres";
        /**
         * @description How one of the targets of the same priority is chosen. Priorities come first in every strategy: a target of a higher
         *     number is asked only when those of the lower ones cannot be.
         * @enum {string}
         */
        Strategy: "priority" | "weighted" | "least_latency" | "least_cost" | "least_busy" | "sticky";
        /**
         * @description What an entity tag is made of.
         * @enum {string}
         */
        Synthesize: "bytes" | "canonical" | "semantic" | "version";
        /** @description This process. */
        System: {
            /** @description Of the program. */
            version: string;
            /**
             * Format: int64
             * @description Of the stored configuration.
             */
            revision: number;
            /** @description The data plane's address as this process reaches it. */
            gateway_url: string;
            /** @description The name of this machine. */
            node: string;
            /** @description `sqlite` or `postgresql`. */
            database: string;
            /** @description When this process started, RFC 3339. */
            started_at: string;
            /** @description Why the stored configuration is not live; null when it is. */
            problem?: string | null;
        };
        /** @description One target. What is known of a model at a provider is shared by all routes that lead to it. */
        TargetState: {
            /** @description The provider's id. */
            provider: string;
            /** @description The model's id there. */
            model: string;
            /**
             * Format: int32
             * @description Lower is tried first.
             */
            priority: number;
            /**
             * Format: int32
             * @description Share among the targets of the same priority.
             */
            weight: number;
            /**
             * Format: int32
             * @description Its share of the calls in per cent, when it is on trial.
             */
            canary_percent?: number | null;
            /** @description Whether its provider is switched off. */
            disabled: boolean;
            /** @description Its circuit breaker. */
            breaker: components["schemas"]["BreakerState"];
            cooldown?: components["schemas"]["CooldownState"] | null;
            /** @description What its health checks say; absent where there are none, or before they have said anything. */
            healthy?: boolean | null;
            health_error?: components["schemas"]["ErrorSeen"] | null;
            health_checks?: components["schemas"]["HealthChecks"] | null;
            /**
             * Format: float
             * @description The moving average of the time to a whole answer, in milliseconds; absent before the first.
             */
            latency_ms?: number | null;
            /**
             * Format: float
             * @description The same to a stream's first content.
             */
            stream_latency_ms?: number | null;
            /**
             * Format: int32
             * @description Calls under way.
             */
            in_flight: number;
            /**
             * Format: int64
             * @description How often it was asked since the node's start.
             */
            picks: number;
            last_error?: components["schemas"]["ErrorSeen"] | null;
            /** @description The keys of its provider. */
            keys?: components["schemas"]["KeyState"][];
        };
        /** @description A group of people who own resources. */
        Team: {
            /**
             * @description Its name, for people.
             * @default
             */
            name: string;
            /**
             * @description What it does.
             * @default
             */
            description: string;
            request_log?: components["schemas"]["RequestLog"] | null;
        };
        TeamCreate: {
            id?: string;
            team?: string;
            spec: components["schemas"]["Team"];
        };
        TeamPage: {
            items: components["schemas"]["TeamResource"][];
            next_cursor: string | null;
        };
        TeamReplace: {
            team?: string;
            spec: components["schemas"]["Team"];
        };
        TeamResource: {
            /** @enum {string} */
            kind: "Team";
            id: string;
            team: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
            managed_by?: string;
            spec: components["schemas"]["Team"];
        };
        /** @description What differs in a service tier; what is absent is as in the standard one. */
        TierPrice: {
            /**
             * @description Dollars for a million tokens.
             * @default {}
             */
            per_million: components["schemas"]["PerMillion"];
            /**
             * @description Rates of large requests in this tier. Absent: those of the standard tier hold; an empty list: there are none.
             * @default null
             */
            context_tiers: components["schemas"]["ContextTier"][] | null;
            /**
             * @description Dollars for one of a unit.
             * @default {}
             */
            per_unit: components["schemas"]["PerUnit"];
        };
        /** @description A range of tokens, both ends included. */
        TokenRange: {
            /**
             * Format: int64
             * @description The least; absent: 0.
             */
            min?: number | null;
            /**
             * Format: int64
             * @description The most; absent: any.
             */
            max?: number | null;
        };
        /** @description A token, as lists show it. */
        TokenView: {
            id: string;
            name: string;
            scopes: string[];
            /** @description Who made it. */
            created_by: string;
            created_at: string;
            expires_at?: string | null;
            /** @description When it was last used, to the minute. */
            last_used_at?: string | null;
        };
        /** @description Tokens by kind. The buckets are disjoint; the wire totals are sums of them. */
        Tokens: {
            /**
             * Format: int64
             * @description Text input that was neither read from nor written to a cache.
             * @default 0
             */
            input_uncached: number;
            /**
             * Format: int64
             * @description Input served from the provider's prompt cache.
             * @default 0
             */
            cache_read: number;
            /**
             * Format: int64
             * @description Input written to a cache that lives five minutes (or the vendor's only kind).
             * @default 0
             */
            cache_write_5m: number;
            /**
             * Format: int64
             * @description Input written to a cache that lives one hour.
             * @default 0
             */
            cache_write_1h: number;
            /**
             * Format: int64
             * @description Output text, tool calls included.
             * @default 0
             */
            output_text: number;
            /**
             * Format: int64
             * @description Output spent on reasoning that the vendor counts apart.
             * @default 0
             */
            reasoning: number;
            /**
             * Format: int64
             * @description Audio input.
             * @default 0
             */
            audio_in: number;
            /**
             * Format: int64
             * @description Audio output.
             * @default 0
             */
            audio_out: number;
            /**
             * Format: int64
             * @description Image input, where the vendor counts it apart.
             * @default 0
             */
            image_in: number;
            /**
             * Format: int64
             * @description Image output.
             * @default 0
             */
            image_out: number;
            /**
             * Format: int64
             * @description Audio input served from the provider's prompt cache, where the vendor counts it apart from [`Self::cache_read`].
             * @default 0
             */
            cache_read_audio: number;
            /**
             * Format: int64
             * @description Image input served from the provider's prompt cache, where the vendor counts it apart.
             * @default 0
             */
            cache_read_image: number;
            /**
             * Format: int64
             * @description Video input, where the vendor counts it apart.
             * @default 0
             */
            video_in: number;
        };
        /** @description What was consumed that is not tokens. Absent is 0. */
        Units: {
            /**
             * Format: int64
             * @description Images made.
             * @default 0
             */
            images: number;
            /**
             * @description The size of each image made; 0 × 0 when it is not known.
             * @default {
             *       "width": 0,
             *       "height": 0
             *     }
             */
            image_size: components["schemas"]["ImageSize"];
            /**
             * @description The quality that images were made in.
             * @default unknown
             */
            image_quality: components["schemas"]["ImageQuality"];
            /**
             * Format: int64
             * @description Images read.
             * @default 0
             */
            images_in: number;
            /**
             * Format: int64
             * @description Milliseconds of audio read.
             * @default 0
             */
            audio_in_ms: number;
            /**
             * Format: int64
             * @description Milliseconds of audio made.
             * @default 0
             */
            audio_out_ms: number;
            /**
             * Format: int64
             * @description Milliseconds of video read.
             * @default 0
             */
            video_in_ms: number;
            /**
             * Format: int64
             * @description Milliseconds of video made.
             * @default 0
             */
            video_out_ms: number;
            /**
             * Format: int64
             * @description Lines of each picture of a video made (`720` of 720p); 0 when that is not known.
             * @default 0
             */
            video_lines: number;
            /**
             * Format: int64
             * @description Characters read, such as those of text to be spoken.
             * @default 0
             */
            characters: number;
            /**
             * Format: int64
             * @description Queries of a search or a rerank, as the vendor counts them (Cohere: search units).
             * @default 0
             */
            queries: number;
            /**
             * Format: int64
             * @description Pages read by text recognition.
             * @default 0
             */
            pages: number;
            /**
             * Format: int64
             * @description Pages annotated by text recognition.
             * @default 0
             */
            annotated_pages: number;
            /**
             * Format: int64
             * @description Web searches that the provider ran, of a small context size.
             * @default 0
             */
            web_searches_low: number;
            /**
             * Format: int64
             * @description Web searches of a medium context size, or of one that the provider did not say.
             * @default 0
             */
            web_searches: number;
            /**
             * Format: int64
             * @description Web searches of a large context size.
             * @default 0
             */
            web_searches_high: number;
            /**
             * Format: int64
             * @description Searches of files that the provider ran.
             * @default 0
             */
            file_searches: number;
            /**
             * Format: int64
             * @description Sessions of code execution that the provider ran.
             * @default 0
             */
            code_sessions: number;
            /**
             * Format: int64
             * @description Lookups in maps that the provider ran.
             * @default 0
             */
            map_queries: number;
            /**
             * Format: int64
             * @description Whatever else the provider counted and bills, and Weir has no name for. It has no price.
             * @default 0
             */
            unlisted: number;
        };
        /** @description A set of servers that answer alike. */
        Upstream: {
            /** @description Where it is: requests are shared out by weight. */
            targets: components["schemas"]["UpstreamTarget"][];
            /** @description How long to wait for it. */
            timeouts?: components["schemas"]["UpstreamTimeouts"];
            /**
             * Format: int32
             * @description How often an idempotent request (RFC 9110 section 9.2.2) is tried at another target when no
             *     connection could be made (0 to 10).
             */
            connect_retries?: number;
            /** @description Which HTTP version it speaks. */
            http?: components["schemas"]["WireVersion"];
            /** @description How its certificate is checked; `https` targets are always verified. */
            tls?: components["schemas"]["UpstreamTls"];
            /** @description Forwards the caller's `Host` in place of the target's. */
            preserve_host?: boolean;
            /** @description Lets targets lie at loopback, private or link-local addresses. */
            allow_private_address?: boolean;
        };
        /** @description What is done about conflicts that the upstream reports. */
        UpstreamConflict: {
            /**
             * @description The statuses that are conflicts.
             * @default [
             *       409,
             *       423,
             *       429,
             *       503
             *     ]
             */
            on: number[];
            /**
             * @description What is done.
             * @default pass
             */
            strategy: components["schemas"]["ConflictStrategy"];
            /**
             * Format: int32
             * @description How often the upstream is asked in all (1 to 10).
             * @default 3
             */
            max_attempts: number;
            /**
             * @description How long is waited in between.
             * @default {
             *       "base": "50ms",
             *       "max": "1s"
             *     }
             */
            backoff: components["schemas"]["Backoff"];
            /**
             * @description The longest `Retry-After` that is waited for; after a longer one the answer is passed on.
             * @default 2s
             */
            honor_retry_after: components["schemas"]["Span"];
            deadline?: components["schemas"]["Span"] | null;
            /**
             * @description The part of the requests to an upstream that may be repeats.
             * @default 20%
             */
            budget: components["schemas"]["Percent"];
            /**
             * @description Whether any method may be sent again.
             * @default false
             */
            replay_safe: boolean;
            /**
             * @description Whether answers become `application/problem+json`.
             * @default false
             */
            normalize: boolean;
            /**
             * @description The longest request body that is kept to be sent again.
             * @default 64KiB
             */
            max_body: components["schemas"]["Size"];
        };
        UpstreamCreate: {
            id?: string;
            team?: string;
            spec: components["schemas"]["Upstream"];
        };
        /**
         * @description Whether a tag of the upstream's goes before ours.
         * @enum {string}
         */
        UpstreamEtag: "prefer" | "replace";
        UpstreamPage: {
            items: components["schemas"]["UpstreamResource"][];
            next_cursor: string | null;
        };
        UpstreamReplace: {
            team?: string;
            spec: components["schemas"]["Upstream"];
        };
        UpstreamResource: {
            /** @enum {string} */
            kind: "Upstream";
            id: string;
            team: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            updated_by: string;
            managed_by?: string;
            spec: components["schemas"]["Upstream"];
        };
        /** @description One server of an upstream. */
        UpstreamTarget: {
            /** @description Scheme, host and port, such as `https://orders.internal:8443`; a path is a fault. */
            url: string;
            /**
             * Format: int32
             * @description Its share of the requests; 0 takes none.
             */
            weight?: number;
        };
        /** @description How long an upstream may take, in milliseconds. */
        UpstreamTimeouts: {
            /**
             * Format: int64
             * @description TCP and TLS set-up.
             * @default 2000
             */
            connect_ms: number;
            /**
             * Format: int64
             * @description Between two reads of the answer.
             * @default 60000
             */
            read_ms: number;
            /**
             * Format: int64
             * @description Between two writes of the request.
             * @default 60000
             */
            write_ms: number;
            /**
             * Format: int64
             * @description Between two requests on one connection: an idle one is closed after this. It must be shorter than the time after
             *     which the upstream closes it, or a request may meet a connection that is just being closed.
             * @default 4000
             */
            idle_ms: number;
            /**
             * Format: int64
             * @description The whole exchange; absent for no limit (long streams, WebSocket).
             */
            total_ms?: number | null;
        };
        /** @description How an upstream's certificate is checked. */
        UpstreamTls: {
            /** @description Name to ask for and to find in the certificate, where it is not the target's host. */
            server_name?: string | null;
            ca?: components["schemas"]["SecretRef"] | null;
        };
        /** @description A report. */
        UsageReport: {
            /** @description The range that it covers, RFC 3339. Where requests are too old to be kept one by one, full hours. */
            from: string;
            /** @description Its end, exclusive; now when none was named. */
            to: string;
            /** @description Ordered by bucket, then group. */
            rows: components["schemas"]["UsageReportRow"][];
            total?: components["schemas"]["UsageReportRow"] | null;
            /**
             * @description How `p50_us`, `p90_us` and `p99_us` were computed: exactly while the hours of the range hold at most
             *     100,000 requests.
             */
            percentiles: components["schemas"]["Percentiles"];
        };
        /** @description The sums of one group in one bucket of time. */
        UsageReportRow: {
            /** @description The group's value; empty for requests that have none. */
            group: string;
            /** @description Begin of the bucket, RFC 3339; the report's `from` when time is not cut. */
            bucket: string;
            /** Format: int64 */
            requests: number;
            /**
             * Format: int64
             * @description Requests whose outcome was not `ok` or whose status was 400 or more.
             */
            errors: number;
            /**
             * Format: int64
             * @description Requests that consumed tokens of unknown price: `cost` is too low by them.
             */
            unpriced: number;
            /**
             * Format: int64
             * @description Nano-dollars.
             */
            cost: number;
            /** @description The same in dollars, as a decimal string. */
            cost_usd: string;
            /** @description Tokens by bucket. */
            tokens: components["schemas"]["Tokens"];
            /**
             * Format: int64
             * @description Half of the requests took no longer, in microseconds; `percentiles` tells how exact that is.
             */
            p50_us: number;
            /**
             * Format: int64
             * @description 90 % took no longer.
             */
            p90_us: number;
            /**
             * Format: int64
             * @description 99 % took no longer.
             */
            p99_us: number;
        };
        /** @description What a call consumed. */
        UsageView: {
            /** @description Tokens by bucket. */
            tokens: components["schemas"]["Tokens"];
            /** @description Who counted: `none`, `provider`, `estimated` or `mixed`. */
            source: string;
            /** @description What was consumed beside tokens; a unit that is absent is 0. */
            units: components["schemas"]["Units"];
            /** @description The service tier that the provider served it in. */
            service_tier: string;
            /** @description Where it was processed, as far as vendors bill by it. */
            region: string;
        };
        /** @description A person, as lists show them. */
        UserAccount: {
            id: string;
            email: string;
            name: string;
            role: components["schemas"]["Role"];
            /** @description Whether they are kept from signing in. */
            disabled: boolean;
            created_at: string;
        };
        /** @description A person, as shown. */
        UserView: {
            id: string;
            email: string;
            name: string;
            role: components["schemas"]["Role"];
        };
        /** @description How entity tags are made. */
        Validators: {
            /**
             * @description What a tag is made of.
             * @default bytes
             */
            synthesize: components["schemas"]["Synthesize"];
            /**
             * @description JSON pointers (RFC 6901) to what `semantic` tags leave out.
             * @default []
             */
            ignore: string[];
            /**
             * @description What becomes of HEAD.
             * @default as_get
             */
            head: components["schemas"]["HeadMode"];
            /**
             * @description The longest answer that gets a tag; a longer one is streamed on without.
             * @default 1MiB
             */
            max_body: components["schemas"]["Size"];
            /**
             * @description How long an answer may take to its end; a slower one is streamed on without a tag.
             * @default 2s
             */
            max_wait_body: components["schemas"]["Span"];
            /**
             * @description Whether a write is read back for its tag.
             * @default none
             */
            write_response: components["schemas"]["WriteResponse"];
            /**
             * @description What becomes of a malformed tag of the upstream's.
             * @default drop
             */
            lenient: components["schemas"]["Lenient"];
            /**
             * @description Whether a tag of the upstream's goes before ours.
             * @default prefer
             */
            upstream_etag: components["schemas"]["UpstreamEtag"];
        };
        /**
         * @description Whose credentials the gateway reads the current version with.
         * @enum {string}
         */
        VerifyWith: "client" | "service";
        /** @description What a second of video costs. */
        VideoPrice: {
            /**
             * Format: int64
             * @description Lines of each picture, such as `720`. Absent: any.
             */
            lines?: number | null;
            /** @description Dollars. */
            price: string;
        };
        /** @description The calls that a target takes; what is absent does not matter. All that is given must hold. */
        When: {
            input_tokens?: components["schemas"]["TokenRange"] | null;
            /** @description Whether the messages hold images. */
            images?: boolean | null;
            /** @description Whether they hold audio. */
            audio?: boolean | null;
            /** @description Whether they hold documents. */
            documents?: boolean | null;
            /** @description Whether tools are given. */
            tools?: boolean | null;
            /**
             * @description Headers, each with the values of which it must have one.
             * @default {}
             */
            headers: {
                [key: string]: string[];
            };
            /**
             * @description The teams of which the caller must be one.
             * @default []
             */
            teams: string[];
        };
        /**
         * @description Which HTTP version an upstream speaks.
         * @enum {string}
         */
        WireVersion: "auto" | "http1" | "http2";
        /**
         * @description Whether a write is read back.
         * @enum {string}
         */
        WriteResponse: "none" | "verify";
        /**
         * @description Who changes resources.
         * @enum {string}
         */
        Writers: "mixed" | "gateway-only";
        /** Format: int64 */
        i64: number;
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_teams: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamPage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_teams: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TeamCreate"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_teams: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamResource"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_teams: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TeamReplace"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_teams: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_teams: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyHistory"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollback_teams: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_conflict_stores: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictStorePage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_conflict_stores: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConflictStoreCreate"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictStoreResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_conflict_stores: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictStoreResource"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_conflict_stores: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConflictStoreReplace"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictStoreResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_conflict_stores: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_conflict_stores: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyHistory"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollback_conflict_stores: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictStoreResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_conflict_policies: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictPolicyPage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_conflict_policies: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConflictPolicyCreate"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictPolicyResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_conflict_policies: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictPolicyResource"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_conflict_policies: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConflictPolicyReplace"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictPolicyResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_conflict_policies: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_conflict_policies: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyHistory"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollback_conflict_policies: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConflictPolicyResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_providers: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderPage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_providers: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderCreate"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_providers: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderResource"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_providers: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderReplace"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_providers: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_providers: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyHistory"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollback_providers: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_prices: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PricePage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_prices: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PriceCreate"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_prices: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceResource"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_prices: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PriceReplace"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_prices: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_prices: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyHistory"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollback_prices: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_model_routes: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelRoutePage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_model_routes: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModelRouteCreate"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelRouteResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_model_routes: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelRouteResource"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_model_routes: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModelRouteReplace"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelRouteResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_model_routes: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_model_routes: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyHistory"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollback_model_routes: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelRouteResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_upstreams: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstreamPage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_upstreams: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpstreamCreate"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstreamResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_upstreams: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstreamResource"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_upstreams: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpstreamReplace"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstreamResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_upstreams: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_upstreams: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyHistory"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollback_upstreams: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpstreamResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_services: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServicePage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_services: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceCreate"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_services: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceResource"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_services: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceReplace"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_services: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_services: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyHistory"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollback_services: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_routes: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoutePage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_routes: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RouteCreate"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RouteResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_routes: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RouteResource"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_routes: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RouteReplace"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RouteResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_routes: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_routes: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyHistory"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollback_routes: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RouteResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_applications: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationPage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_applications: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApplicationCreate"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_applications: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationResource"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_applications: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApplicationReplace"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_applications: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_applications: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyHistory"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollback_applications: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplicationResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_api_keys: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyPage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_api_keys: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApiKeyCreate"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_api_keys: {
        parameters: {
            query?: never;
            header?: {
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyResource"];
                };
            };
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replace_api_keys: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApiKeyReplace"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_api_keys: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    history_api_keys: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnyHistory"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollback_api_keys: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header: {
                "If-Match": string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    setup_state: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SetupState"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    set_up: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FirstUser"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    make_key: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKey"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeApiKey"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_key: {
        parameters: {
            query?: {
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKeyResource"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_tokens: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TokenView"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    make_token: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeToken"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_users: {
        parameters: {
            query?: {
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Text to find in id, name and description. */
                q?: string;
                /** @description Only what this team owns. */
                team?: string;
                /** @description Only API keys of this application. */
                application?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_UserAccount"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    make_user: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAccount"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    remove_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_role: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAccount"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    disable_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DisabledChange"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAccount"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    test_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Probe"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProbeResult"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalog: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogView"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    catalog_models: {
        parameters: {
            query?: {
                /** @description Words that the provider's id and the model's hold, in any order; letters of either case. */
                search?: string;
                /** @description Only models of this provider. */
                provider?: string;
                /** @description Only models for this, such as `embedding`. */
                modality?: string;
                /** @description Only models that can do all of these, such as `tools,vision`. */
                ability?: string;
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CatalogModelView"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Models"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    routing: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Routing"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    route_openapi: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    chat: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description As the data plane answers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    report: {
        parameters: {
            query?: {
                /** @description From this moment on, RFC 3339. Absent: the begin of the hour seven days ago for usage, the begin for the log. */
                from?: string;
                /** @description Before this moment, RFC 3339. Absent: no end. */
                to?: string;
                /** @description Only this team's. */
                team?: string;
                /** @description Only this application's. */
                application?: string;
                /** @description Only this API key's, by public id. */
                key?: string;
                /**
                 * @description Only calls of this model name. In the log also those that asked for it where nothing is known of such a model
                 *     (`asked_model`), which sums count under no name.
                 */
                model?: string;
                /** @description Only what this provider answered. */
                provider?: string;
                /** @description Only this REST service's. */
                service?: string;
                /** @description Only this status (`429`), class (`4xx`), or `error` for every status of 400 and more. */
                status?: string;
                /** @description Only this outcome, such as `ok` or `timeout`. */
                outcome?: string;
                /** @description Only `ai` or `rest`. */
                traffic?: string;
                /** @description Text to find in id, path, model and error. */
                q?: string;
                /** @description What to sum by. */
                group_by?: "none" | "team" | "application" | "key" | "model" | "provider" | "service" | "status";
                /** @description How time is cut. */
                bucket?: "none" | "hour" | "day";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageReport"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_requests: {
        parameters: {
            query?: {
                /** @description From this moment on, RFC 3339. Absent: the begin of the hour seven days ago for usage, the begin for the log. */
                from?: string;
                /** @description Before this moment, RFC 3339. Absent: no end. */
                to?: string;
                /** @description Only this team's. */
                team?: string;
                /** @description Only this application's. */
                application?: string;
                /** @description Only this API key's, by public id. */
                key?: string;
                /**
                 * @description Only calls of this model name. In the log also those that asked for it where nothing is known of such a model
                 *     (`asked_model`), which sums count under no name.
                 */
                model?: string;
                /** @description Only what this provider answered. */
                provider?: string;
                /** @description Only this REST service's. */
                service?: string;
                /** @description Only this status (`429`), class (`4xx`), or `error` for every status of 400 and more. */
                status?: string;
                /** @description Only this outcome, such as `ok` or `timeout`. */
                outcome?: string;
                /** @description Only `ai` or `rest`. */
                traffic?: string;
                /** @description Text to find in id, path, model and error. */
                q?: string;
                /** @description How many items, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RequestView"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_request: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestDetail"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_request_bodies: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestBodies"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    erase_request_bodies: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    erase_team_bodies: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErasedView"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_held: {
        parameters: {
            query?: {
                /** @description `locks` when absent, `leases`, `keys` or `limits`. */
                kind?: "locks" | "leases" | "keys" | "limits";
                /** @description Only what routes of this team hold. */
                team?: string;
                /** @description Only what is in this store. */
                store?: string;
                /** @description How many entries at most, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeldPage"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    break_lock: {
        parameters: {
            query?: {
                /** @description For the audit trail: 1 to 500 characters, in the query or in the body. */
                reason?: string;
            };
            header?: never;
            path: {
                store: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Reason"] | null;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forget_idempotency_key: {
        parameters: {
            query?: {
                /** @description For the audit trail: 1 to 500 characters, in the query or in the body. */
                reason?: string;
            };
            header?: never;
            path: {
                store: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Reason"] | null;
            };
        };
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_audit: {
        parameters: {
            query?: {
                /** @description How many entries, 1 to 500; 50 when absent. */
                limit?: number;
                /** @description Where to go on: `next_cursor` of the page before. */
                cursor?: string;
                /** @description Only what this actor did, by name or by id. */
                actor?: string;
                /** @description Only this action. */
                action?: string;
                /** @description Only this kind. */
                kind?: string;
                /** @description Only this id. */
                id?: string;
                /** @description From this moment on, RFC 3339. */
                from?: string;
                /** @description Before this moment, RFC 3339. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditEntry"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    check_audit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditCheck"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    overview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    system: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["System"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    plan: {
        parameters: {
            query?: {
                /** @description Removes what the documents do not name (API keys and what the system needs stay). */
                prune?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/yaml": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    apply: {
        parameters: {
            query?: {
                /** @description Removes what the documents do not name (API keys and what the system needs stay). */
                prune?: boolean;
                /** @description `base` of the plan, or `*` for whatever is there. */
                base?: string;
                /** @description Checks everything and answers as usual, but keeps nothing. */
                dry_run?: boolean;
            };
            header?: {
                "Idempotency-Key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/yaml": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApplyReport"];
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/yaml": string;
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    schema: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description `ModelRoute` or `model-routes` */
                kind: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/schema+json": Record<string, never>;
                };
            };
            /** @description A refusal */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
